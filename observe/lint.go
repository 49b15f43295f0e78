package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/lint"
	"istio-circuit-breaker/internal/mesh/kube"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// errFound is that there are findings that fail the run; the report says which.
var errFound = errors.New("findings")

var lintFormats, lintLevels = []string{"text", "json", "junit", "sarif", "github"}, []string{"info", "warning", "error"}

// linting is a command line of lint.
type linting struct {
	*call
	cmd           *cobra.Command
	output, level string
	pods          int
	strict, fix   bool
	live, all     bool // of a cluster, and of all its namespaces
	cluster       *genericclioptions.ConfigFlags
	paths         []string
	writing       sync.Mutex // while a file is mended
}

// judged is what is said of all that could be read, and what could not be.
type judged struct {
	lint.Report
	unread error
}

func lintCommand(c *call) *cobra.Command {
	l := &linting{call: c}
	l.cmd = &cobra.Command{
		Use:   "lint FILE|FOLDER|-... | --cluster",
		Short: "say what the outlierDetection in files of yours, or in a cluster, means",
		Long: `Reads DestinationRules, and VirtualServices, Services, workloads and rules of
Prometheus beside them, from YAML or JSON: files, folders with all that is below
them, or - for stdin. It says what each outlierDetection does, and where it does
something else than it seems to say. docs/lint has a page for each code. An
object takes a finding back with the annotation
` + lint.IgnoreAnnotation + `: "code: reason".

With --cluster it reads the rules of a namespace of the cluster, or with -A of all,
and the mesh's own policy; pods are counted as they are ready. It changes nothing,
and needs no more than the right to list.

exit codes: 0 nothing, or infos and warnings only, 1 could not be done, 2 wrong usage,
3 an error was found, or with --strict a warning`,
		Example: "helm template chart | " + c.Shown + " lint -\n" + c.Shown + " lint --pods 3 -o sarif manifests >lint.sarif\n" + c.Shown + " lint --cluster -A",
		Args:    cobra.ArbitraryArgs, // none are told with all else that is wrong
	}
	flags := l.cmd.Flags()
	flags.StringVarP(&l.output, "output", "o", "text", "`format`: text, json, junit, sarif or github")
	flags.BoolVar(&l.strict, "strict", false, "exit with 3 on warnings, too")
	flags.IntVar(&l.pods, "pods", 0, "`number` of pods behind each host (default: what workloads in the files tell, or how many are ready in the cluster)")
	flags.BoolVar(&l.fix, "fix", false, "mend in the files what can be mended for certain: spelling of fields, numbers in quotes")
	flags.StringVar(&l.level, "level", "info", "least `severity` that is reported: info, warning or error")
	flags.BoolVar(&l.live, "cluster", false, "read the rules of a cluster, not of files")
	flags.BoolVarP(&l.all, "all-namespaces", "A", false, "read the rules of all namespaces of the cluster")
	l.cluster = kube.ForeignFlags()
	l.cluster.ClusterName = nil // kubectl's --cluster has a name; here --context has to do
	addClusterFlags(l.cmd, l.cluster, "`name` of the namespace: the cluster's that is read (default: the context's), or that of objects in files that name none (default: default)")
	completeFlag(l.cmd, "output", oneOf(lintFormats...))
	completeFlag(l.cmd, "level", oneOf(lintLevels...))
	l.cmd.RunE = func(_ *cobra.Command, paths []string) error {
		l.paths = paths
		return l.run()
	}
	return l.cmd
}

// check refuses what means nothing, all at once.
func (l *linting) check() error {
	var errs []error
	refuse := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(!slices.Contains(lintFormats, l.output), "-o %s: not one of %s", l.output, strings.Join(lintFormats, ", "))
	refuse(!slices.Contains(lintLevels, l.level), "--level %s: not one of %s", l.level, strings.Join(lintLevels, ", "))
	refuse(l.strict && l.level == "error", "--strict: fails for warnings, which --level error leaves out")
	refuse(l.pods < 0 || l.pods > 1_000_000, "--pods %d: must be 0 to 1000000", l.pods)
	if l.live {
		refuse(len(l.paths) > 0, "--cluster: takes no files, got %q", l.paths)
		refuse(l.fix, "--fix: mends files, and no cluster")
		return errors.Join(append(errs, checkCluster(l.cluster))...)
	}
	refuse(len(l.paths) == 0, "takes files, folders or - for stdin, got none")
	refuse(l.fix && slices.Contains(l.paths, "-"), "--fix: cannot mend stdin")
	return errors.Join(append(errs, needs(l.cmd, "--cluster", "all-namespaces"))...)
}

func (l *linting) run() error {
	if err := l.check(); err != nil {
		return commandline.Wrong(l.cmd, err)
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(lint.Memory))
	judge := l.files
	if l.live {
		judge = l.ofCluster
	}
	r, err := interruptible(l.cmd.Context(), &l.writing, func() (r judged, err error) {
		r.Report, r.unread, err = judge()
		return r, err
	})
	if err != nil {
		return err
	}
	report := r.Report
	if err := l.write(report.Least(lint.Severity(l.level))); err != nil {
		return err
	}
	if r.unread != nil {
		return r.unread
	}
	if slices.ContainsFunc(report.Findings, l.fails) {
		return errFound
	}
	return nil
}

func (l *linting) fails(f lint.Finding) bool {
	return f.Severity == lint.Error || l.strict && f.Severity == lint.Warning
}

func (l *linting) write(r lint.Report) error {
	switch l.output {
	case "json":
		return r.JSON(l.stdout)
	case "junit":
		return r.JUnit(l.stdout, l.fails)
	case "sarif":
		return r.SARIF(l.stdout)
	case "github":
		return r.GitHub(l.stdout)
	default:
		return r.Text(l.stdout)
	}
}
