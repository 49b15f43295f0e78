package envoyadmin

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestTheStatsFilterKeepsOnlyWhatIsRead(t *testing.T) {
	for _, tt := range []struct {
		cluster string
		want    int // twelve of outlier detection, and two of membership where they were captured
	}{{servicex, 14}, {other, 12}, {"outbound|80||absent", 0}} {
		u, err := url.Parse(StatsPath(tt.cluster))
		if err != nil {
			t.Fatal(err)
		}
		filter := regexp.MustCompile(u.Query().Get("filter"))
		kept := 0
		for line := range strings.Lines(string(captured(t, "ejected.stats.txt"))) {
			if name, _, _ := strings.Cut(line, ": "); filter.MatchString(name) {
				kept++
			}
		}
		if kept != tt.want {
			t.Errorf("the filter for %q keeps %d statistics, want %d", tt.cluster, kept, tt.want)
		}
	}
}

func TestTheClustersFilterIsTheNameItself(t *testing.T) {
	u, err := url.Parse(ClustersPath(servicex))
	if err != nil {
		t.Fatal(err)
	}
	filter := regexp.MustCompile(u.Query().Get("filter"))
	if !filter.MatchString(servicex) || filter.MatchString(other) || filter.MatchString(servicex+"x") {
		t.Errorf("filter %q does not keep %q alone", filter, servicex)
	}
}
