// Package config is the stack's configuration: it reads Pulumi's raw values in
// three steps (find, default, validate) into one Config, and refuses whatever
// could not show an ejection. It knows nothing of Pulumi, so that the program
// (from PULUMI_CONFIG) and "observe explain" (from Pulumi.<stack>.yaml) read
// the same keys by the same rules.
//
// Parse never stops at the first problem: its error joins a *Problem for each,
// with the key, the value, what is allowed and a command that fixes it.
package config
