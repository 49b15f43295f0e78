package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/lab"

	"github.com/spf13/cobra"
)

func statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "say what runs, whether it answers, or what is left",
		Long: `Says what runs, whether it answers, and what of it this machine reaches where; or
what is left of a lab that does not run.`,
		Example: "go run ./lab status --json",
		Args:    commandline.TakesNone,
	}
	asJSON := cmd.Flags().Bool("json", false, "print one JSON object")
	cmd.RunE = withLab(func(ctx context.Context, l *lab.Lab) error {
		status, err := l.Status(ctx)
		if err != nil {
			return err
		}
		if *asJSON {
			err = writeJSON(cmd.OutOrStdout(), status)
		} else {
			err = status.Write(cmd.OutOrStdout())
		}
		switch {
		case err != nil:
			return err
		case !status.Running:
			return errNone
		case !status.Works():
			return errCheck
		}
		return nil
	})
	return cmd
}

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "say whether this machine can run a lab, and what is missing",
		Long:    "Tries in seconds what a lab needs of this machine, and says what is missing and how to get it.",
		Example: "go run ./lab check",
		Args:    commandline.TakesNone,
	}
	asJSON := cmd.Flags().Bool("json", false, "print one JSON array")
	cmd.RunE = withLab(func(ctx context.Context, l *lab.Lab) error {
		findings := l.Check(ctx)
		if *asJSON {
			if err := writeJSON(cmd.OutOrStdout(), findings); err != nil {
				return err
			}
		} else {
			lab.WriteFindings(cmd.OutOrStdout(), findings)
		}
		if lab.Missing(findings) != nil {
			return errCheck
		}
		return nil
	})
	return cmd
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}
