package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// helmRecord is the Secret in which Helm keeps one revision of a release. Source:
// helm pkg/storage/driver/secrets.go and util.go, as of Helm 3.
type helmRecord struct {
	name, release, status string
	revision              int
}

// Statuses of a record. Source: helm pkg/release/status.go.
const (
	deployed     = "deployed"
	uninstalling = "uninstalling"
)

// pending reports whether Helm's status is of an operation under way. The
// engine's lock on the stack says that it is none of this stack's.
func pending(status string) bool { return strings.HasPrefix(status, "pending-") }

func recordPath(namespace, name string) string {
	return namespacePath(namespace) + "/secrets/" + url.PathEscape(name)
}

// helmRecords are those of every release in a namespace, the newest last.
func (c *cluster) helmRecords(ctx context.Context, namespace string) ([]helmRecord, error) {
	secrets, err := c.objects(ctx, namespacePath(namespace)+"/secrets?labelSelector="+url.QueryEscape("owner=helm"))
	if err != nil {
		return nil, advise(fmt.Errorf("listing Helm's records in namespace %q: %w", namespace, err), nextStep(err))
	}
	var all []helmRecord
	for _, s := range secrets {
		labels := s.Metadata.Labels
		revision, _ := strconv.Atoi(labels["version"]) // 0 where it is none of Helm's
		all = append(all, helmRecord{s.Metadata.Name, labels["name"], labels["status"], revision})
	}
	slices.SortStableFunc(all, func(a, b helmRecord) int { return a.revision - b.revision })
	return all, nil
}

// lastRecord is a release's newest.
func lastRecord(all []helmRecord, release string) (last helmRecord, found bool) {
	for _, r := range all {
		if r.release == release {
			last, found = r, true
		}
	}
	return last, found
}

// secretData is as much of a Secret as holds a record.
type secretData struct {
	Data struct {
		Release string `json:"release"` // base64 of base64 of gzip of JSON
	} `json:"data"`
}

// readRecord is what a record says.
func (c *cluster) readRecord(ctx context.Context, namespace, name string) (map[string]any, error) {
	var secret secretData
	if err := c.do(ctx, request{method: http.MethodGet, path: recordPath(namespace, name)}, &secret); err != nil {
		return nil, fmt.Errorf("reading Helm's record %q: %w", name, err)
	}
	release, err := decodeRecord(secret.Data.Release)
	if err != nil {
		return nil, fmt.Errorf("decoding Helm's record %q: %w", name, err)
	}
	return release, nil
}

// setStatus makes a record say that the release has another status.
func (c *cluster) setStatus(ctx context.Context, namespace, name, status string) error {
	release, err := c.readRecord(ctx, namespace, name)
	if err != nil {
		return err
	}
	info, ok := release["info"].(map[string]any)
	if !ok {
		return fmt.Errorf("decoding Helm's record %q: it has no info", name)
	}
	info["status"] = status
	text, err := encodeRecord(release)
	if err != nil {
		return fmt.Errorf("encoding Helm's record %q: %w", name, err)
	}
	patch := map[string]any{"metadata": map[string]any{"labels": map[string]any{"status": status}}, "data": map[string]any{"release": text}}
	err = c.do(ctx, request{method: http.MethodPatch, path: recordPath(namespace, name), body: patch, kind: "application/merge-patch+json"}, nil)
	if err != nil {
		return fmt.Errorf("writing Helm's record %q: %w", name, err)
	}
	return nil
}

func decodeRecord(text string) (map[string]any, error) {
	outer, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	packed, err := base64.StdEncoding.DecodeString(string(outer))
	if err != nil {
		return nil, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(unpacked, answerLimit))
	if err != nil {
		return nil, err
	}
	var release map[string]any
	numbers := json.NewDecoder(bytes.NewReader(plain))
	numbers.UseNumber() // values are to stay as they are
	return release, numbers.Decode(&release)
}

func encodeRecord(release map[string]any) (string, error) {
	plain, err := json.Marshal(release)
	if err != nil {
		return "", err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(plain); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	inner := base64.StdEncoding.EncodeToString(packed.Bytes())
	return base64.StdEncoding.EncodeToString([]byte(inner)), nil
}

// recordedObject is an object of a kind and name in the manifest that Helm
// applied for a release; nil where there is none.
func recordedObject(release map[string]any, kind, name string) (map[string]any, error) {
	manifest, _ := release["manifest"].(string)
	for _, document := range strings.Split("\n"+manifest, "\n---") {
		if !strings.Contains(document, name) {
			continue
		}
		var o map[string]any
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			return nil, fmt.Errorf("decoding the manifest of release %v: %w", release["name"], err)
		}
		if metadata, ok := o["metadata"].(map[string]any); ok && o["kind"] == kind && metadata["name"] == name {
			return o, nil
		}
	}
	return nil, nil
}
