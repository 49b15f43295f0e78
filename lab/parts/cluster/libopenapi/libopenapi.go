// Package libopenapi has the names that Pulumi's commands use of the module that it
// stands for, and reads no document.
package libopenapi

import (
	"errors"

	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// Document stands for a document that was read; there is none.
type Document struct{}

// Model stands for what a document holds.
type Model struct{ Model v3.Document }

// NewDocument always fails.
func NewDocument([]byte) (Document, error) {
	return Document{}, errors.New("the lab's Pulumi is compiled without it")
}

// BuildV3Model is for the compiler alone: no document comes to it.
func (Document) BuildV3Model() (*Model, error) { return nil, nil }
