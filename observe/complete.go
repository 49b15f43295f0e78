package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// completeFlag has the shell offer values for a flag.
func completeFlag(cmd *cobra.Command, name string, values func(context.Context) []string) {
	offer(cmd, name, func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return begunWith(typed, values(cmd.Context())), cobra.ShellCompDirectiveNoFileComp
	})
}

// completeList has the shell offer values for a flag that takes several of them,
// with commas between: each that is not among those typed.
func completeList(cmd *cobra.Command, name string, values []string) {
	offer(cmd, name, func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		chosen := strings.Split(before, ",")
		var more []cobra.Completion
		for _, v := range values {
			if !slices.Contains(chosen, v) {
				more = append(more, before+v)
			}
		}
		return begunWith(typed, more), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
}

func offer(cmd *cobra.Command, name string, complete cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
		panic(fmt.Sprintf("completing --%s of %s: %v", name, cmd.Name(), err)) // no such flag, or twice
	}
}

// begunWith are the values that go on from what is typed.
func begunWith(typed string, values []string) []cobra.Completion {
	var fitting []cobra.Completion
	for _, v := range values {
		if strings.HasPrefix(v, typed) {
			fitting = append(fitting, v)
		}
	}
	return fitting
}

// oneOf are the same values whenever they are asked for.
func oneOf(values ...string) func(context.Context) []string {
	return func(context.Context) []string { return values }
}

// recordings has the shell offer recordings, for a flag or for one argument.
func recordings(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []cobra.Completion{"jsonl"}, cobra.ShellCompDirectiveFilterFileExt
}
