// Command printschema prints the JSON Schema of the stack file, which is kept in
// docs/stack.schema.json for editors.
package main

import (
	"fmt"
	"os"

	"istio-circuit-breaker/internal/config"
)

func main() {
	text, err := config.Schema()
	if err == nil {
		_, err = os.Stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "printschema:", err)
		os.Exit(1)
	}
}
