package lint

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/spelling"

	"go.yaml.in/yaml/v3"
)

// IgnoreAnnotation is on an object some of whose findings are meant. Its value is
// "code: reason; code2: reason".
const IgnoreAnnotation = "istio-circuit-breaker/lint-ignore"

// ignores are the exceptions of an object.
type ignores struct {
	exceptions []exception
	ignoresAt  Position
}

type exception struct {
	code, reason string
	used         bool
}

const ignoresField = "metadata.annotations[" + IgnoreAnnotation + "]"

// ignores reads an object's exceptions.
func (l *Linter) ignores(o *object, root *yaml.Node) {
	key, value := get(root, "metadata", "annotations", IgnoreAnnotation)
	if value == nil || value.Kind != yaml.ScalarNode {
		return
	}
	o.ignoresAt = o.at(key)
	for part := range strings.SplitSeq(value.Value, ";") {
		code, reason, _ := strings.Cut(part, ":")
		code, reason = strings.TrimSpace(code), strings.TrimSpace(reason)
		_, known := severityOf[code]
		switch {
		case code == "" && reason == "":
		case !known:
			fix := "take it away"
			if near := nearestCode(code); near != "" {
				fix = "write " + near
			}
			l.add(o.found(ignoreUnknown, o.ignoresAt, ignoresField, fmt.Sprintf("There is no code %q: nothing is ignored by it.", code), "docs/lint.md", fix))
		case reason == "":
			l.add(o.found(ignoreNoReason, o.ignoresAt, ignoresField, fmt.Sprintf("%s has no reason, and is not ignored.", code), "docs/lint.md", "write \""+code+": reason\""))
		default:
			o.exceptions = append(o.exceptions, exception{code: code, reason: reason})
		}
	}
	if len(o.exceptions) > 0 {
		l.excepted = append(l.excepted, o)
	}
}

func nearestCode(code string) string {
	var all []string
	for _, c := range Codes() {
		all = append(all, c.Name)
	}
	return spelling.Nearest(code, all)
}

// except takes back the findings that an object's annotation excepts.
func (l *Linter) except() {
	var kept []Finding
	for _, f := range l.report.Findings {
		if e := f.of.exception(f.Code); e != nil {
			e.used = true
			l.report.Ignored = append(l.report.Ignored, Ignored{Finding: f, Reason: e.reason})
			continue
		}
		kept = append(kept, f)
	}
	for _, o := range l.excepted {
		for _, e := range o.exceptions {
			if !e.used {
				kept = append(kept, o.found(ignoreUnused, o.ignoresAt, ignoresField, fmt.Sprintf("%s is ignored, and was not found.", e.code), "docs/lint.md", "take it away"))
			}
		}
	}
	l.report.Findings = kept
}

func (o *object) exception(code string) *exception {
	for i := range o.exceptions {
		if o.exceptions[i].code == code {
			return &o.exceptions[i]
		}
	}
	return nil
}
