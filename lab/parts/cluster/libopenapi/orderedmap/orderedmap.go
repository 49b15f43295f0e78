// Package orderedmap has the names that Pulumi's commands use, of a map that is empty.
package orderedmap

import "iter"

// Map stands for a map that keeps the order of its keys; it keeps nothing.
type Map[K comparable, V any] struct{}

// New returns an empty map.
func New[K comparable, V any]() *Map[K, V] { return &Map[K, V]{} }

// Len is how many keys there are.
func Len[K comparable, V any](*Map[K, V]) int { return 0 }

// Get finds nothing.
func (*Map[K, V]) Get(K) (value V, there bool) { return value, false }

// GetOrZero is zero.
func (*Map[K, V]) GetOrZero(K) (value V) { return value }

// Set keeps nothing.
func (*Map[K, V]) Set(K, V) (before V, there bool) { return before, false }

// Delete finds nothing.
func (*Map[K, V]) Delete(K) (before V, there bool) { return before, false }

// FromOldest has no key.
func (*Map[K, V]) FromOldest() iter.Seq2[K, V] { return func(func(K, V) bool) {} }

// KeysFromOldest has no key.
func (*Map[K, V]) KeysFromOldest() iter.Seq[K] { return func(func(K) bool) {} }
