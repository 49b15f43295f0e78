// Package base has the names that Pulumi's commands use of an OpenAPI document's
// schemas. There are none.
package base

import (
	"github.com/pb33f/libopenapi/orderedmap"
	"go.yaml.in/yaml/v4"
)

type (
	// Schema stands for a schema.
	Schema struct {
		Type, Required               []string
		Format, Pattern, Description string
		Nullable, ReadOnly           *bool
		MinLength, MaxLength         *int64
		Minimum, Maximum, MultipleOf *float64
		Default                      *yaml.Node
		Enum                         []*yaml.Node
		AllOf, AnyOf, OneOf          []*SchemaProxy
		Items, AdditionalProperties  *SchemaOrBool
		Properties                   *orderedmap.Map[string, *SchemaProxy]
		Discriminator                *Discriminator
		Extensions                   *orderedmap.Map[string, *yaml.Node]
	}
	// SchemaProxy stands for a schema that is read when it is asked for.
	SchemaProxy struct{}
	// SchemaOrBool stands for a schema, A, or a word on whether there may be any.
	SchemaOrBool struct {
		A *SchemaProxy
		B bool
	}
	// Discriminator stands for what tells schemas apart.
	Discriminator struct {
		PropertyName string
		Mapping      *orderedmap.Map[string, string]
	}
	// Info stands for a document's head.
	Info struct{ Version string }
	// Low stands for a schema as it is written.
	Low struct{}
)

// Schema is none.
func (*SchemaProxy) Schema() *Schema { return nil }

// IsA says that it is no schema.
func (*SchemaOrBool) IsA() bool { return false }

// GoLow is none.
func (*Schema) GoLow() *Low { return nil }

// MarshalJSONInline has nothing to write.
func (*Schema) MarshalJSONInline() ([]byte, error) { return nil, nil }

// Hash is that of no schema.
func (*Low) Hash() uint64 { return 0 }
