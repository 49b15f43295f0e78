//go:build tools

package main

// v3.66.0 is the last version that the SDK's module carries; newer ones are a
// module of their own that is not published.
import _ "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go"
