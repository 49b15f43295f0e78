package main

import (
	"context"
	"fmt"
	"slices"
)

// unfinished are our releases whose newest record is of an operation that was
// killed, each with a word on it that is another one every time.
func unfinished(records []helmRecord) map[string]string {
	all := map[string]string{}
	for _, name := range []string{baseRelease, istiodRelease} {
		if last, found := lastRecord(records, name); found && (pending(last.status) || last.status == uninstalling) {
			all[name] = fmt.Sprintf("taken up after revision %d was left %s", last.revision, last.status)
		}
	}
	return all
}

// clearRelease deletes all of Helm's records of a release that is to be installed
// anew. Helm takes over the objects of the release, which carry its name.
func clearRelease(ctx context.Context, c *cluster, namespace, name string) error {
	records, err := c.helmRecords(ctx, namespace)
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.release == name {
			if err := c.dropRecord(ctx, namespace, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// reopenRelease makes way for the update of a release on which an operation was
// killed: Helm would wait in vain for one that is pending, and does not update
// what is being uninstalled. An update makes all objects anew that are missing.
func reopenRelease(ctx context.Context, c *cluster, namespace, name string) error {
	records, err := c.helmRecords(ctx, namespace)
	if err != nil {
		return err
	}
	for {
		last, found := lastRecord(records, name)
		switch {
		case found && pending(last.status):
			if err := c.dropRecord(ctx, namespace, last); err != nil {
				return err
			}
			records = slices.DeleteFunc(records, func(r helmRecord) bool { return r == last })
		case found && last.status == uninstalling:
			return c.setStatus(ctx, namespace, last.name, deployed)
		default:
			return nil
		}
	}
}

func (c *cluster) dropRecord(ctx context.Context, namespace string, r helmRecord) error {
	if err := c.remove(ctx, recordPath(namespace, r.name)); err != nil {
		return fmt.Errorf("deleting Helm's record %q of release %q, which a killed run has left: %w", r.name, r.release, err)
	}
	return nil
}
