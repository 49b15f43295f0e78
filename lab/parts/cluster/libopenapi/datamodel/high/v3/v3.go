// Package v3 has the names that Pulumi's commands use of an OpenAPI document's paths.
// There are none.
package v3

import (
	"github.com/pb33f/libopenapi/datamodel/high/base"
	"github.com/pb33f/libopenapi/orderedmap"
	"go.yaml.in/yaml/v4"
)

type (
	// Document stands for a document.
	Document struct {
		Info       *base.Info
		Paths      *Paths
		Components *Components
	}
	// Components stands for a document's parts that others name.
	Components struct {
		Schemas *orderedmap.Map[string, *base.SchemaProxy]
	}
	// Paths stands for a document's paths.
	Paths struct {
		PathItems *orderedmap.Map[string, *PathItem]
	}
	// PathItem stands for a path's operations.
	PathItem struct{ Get, Post, Put, Delete, Patch, Head *Operation }
	// Operation stands for an operation.
	Operation struct {
		OperationId, Summary, Description string //nolint:staticcheck // the name of the module that this stands for
		Tags                              []string
		Deprecated                        *bool
		Parameters                        []*Parameter
		RequestBody                       *RequestBody
		Responses                         *Responses
		Extensions                        *orderedmap.Map[string, *yaml.Node]
	}
	// Parameter stands for an operation's parameter.
	Parameter struct {
		Name, In, Description string
		Required              *bool
		Schema                *base.SchemaProxy
	}
	// RequestBody stands for what an operation takes.
	RequestBody struct {
		Content *orderedmap.Map[string, *MediaType]
	}
	// Responses stands for an operation's answers.
	Responses struct {
		Codes   *orderedmap.Map[string, *Response]
		Default *Response
	}
	// Response stands for an answer.
	Response struct {
		Description string
		Content     *orderedmap.Map[string, *MediaType]
	}
	// MediaType stands for a body's form.
	MediaType struct{ Schema *base.SchemaProxy }
)
