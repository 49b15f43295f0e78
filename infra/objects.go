package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// object is what there is to know of one in the cluster, to tell whose it is.
type object struct {
	Metadata struct {
		Name              string            `json:"name"`
		Labels            map[string]string `json:"labels"`
		Annotations       map[string]string `json:"annotations"`
		DeletionTimestamp string            `json:"deletionTimestamp"`
	} `json:"metadata"`
}

// namespacePath is where the API server keeps namespace name.
func namespacePath(name string) string { return "/api/v1/namespaces/" + url.PathEscape(name) }

// object looks up what is at path; errNotFound where there is none.
func (c *cluster) object(ctx context.Context, path string) (object, error) {
	var o object
	err := c.do(ctx, request{method: http.MethodGet, path: path}, &o)
	return o, err
}

// find looks up what is at path, if it is there; what names it for people.
func (c *cluster) find(ctx context.Context, path, what string) (live object, found bool, err error) {
	live, err = c.object(ctx, path)
	switch {
	case errors.Is(err, errNotFound):
		return live, false, nil
	case err != nil:
		return live, false, advise(fmt.Errorf("looking for %s: %w", what, err), nextStep(err))
	}
	return live, true, nil
}

// objects lists what path holds, by its metadata alone. A server without that
// kind has none of them.
func (c *cluster) objects(ctx context.Context, path string) ([]object, error) {
	var list struct {
		Items []object `json:"items"`
	}
	const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	err := c.do(ctx, request{method: http.MethodGet, path: path, accept: metadataOnly}, &list)
	if errors.Is(err, errNotFound) {
		return nil, nil
	}
	if a, ok := errors.AsType[*answer](err); ok && a.code == http.StatusNotFound { // no such kind
		return nil, nil
	}
	return list.Items, err
}

// merge lays metadata, such as labels, over that of the object at path.
func (c *cluster) merge(ctx context.Context, path string, metadata map[string]any) error {
	patch := map[string]any{"metadata": metadata}
	return c.do(ctx, request{method: http.MethodPatch, path: path, body: patch, kind: "application/merge-patch+json"}, nil)
}

// deleteLimit bounds the wait until a deleted object is gone. Those that this
// program deletes have no finalizers.
const deleteLimit = 30 * time.Second

// remove deletes the object at path and waits until it is gone.
func (c *cluster) remove(ctx context.Context, path string) error {
	options := map[string]any{"propagationPolicy": "Background"}
	err := c.do(ctx, request{method: http.MethodDelete, path: path, body: options}, nil)
	if errors.Is(err, errNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return wait.For(ctx, fmt.Sprintf("%q to be gone", path), deleteLimit, 100*time.Millisecond, func(ctx context.Context) error {
		switch _, err := c.object(ctx, path); {
		case errors.Is(err, errNotFound):
			return nil
		case err != nil:
			return err
		}
		return errors.New("it is still there")
	})
}
