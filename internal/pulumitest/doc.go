// Package pulumitest runs a Pulumi program without an engine, a cluster or
// plugins, and records what it registers: of each resource the whole
// registration, so that a test can look at inputs, dependencies, provider and
// options, not at type and name alone. Any resource can be made to fail.
package pulumitest
