package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestASettingIsOverriddenWhereverItIsWritten(t *testing.T) {
	const p = Project + ":"
	tests := []struct {
		name      string
		raw, want map[string]string
	}{
		{"not set", map[string]string{}, map[string]string{p + "outlier.interval": "5s"}},
		{"as a dotted key", map[string]string{p + "outlier.interval": "1s"}, map[string]string{p + "outlier.interval": "5s"}},
		{"inside an object, beside others", map[string]string{p + "outlier": `{"interval":"1s","consecutiveErrors":3}`},
			map[string]string{p + "outlier": `{"consecutiveErrors":3}`, p + "outlier.interval": "5s"}},
		{"both", map[string]string{p + "outlier": `{"interval":"1s"}`, p + "outlier.interval": "1s"}, map[string]string{p + "outlier": `{}`, p + "outlier.interval": "5s"}},
		{"what is no object stays, to be refused", map[string]string{p + "outlier": "often"}, map[string]string{p + "outlier": "often", p + "outlier.interval": "5s"}},
		{"another project's", map[string]string{"other:outlier": `{"interval":"1s"}`}, map[string]string{"other:outlier": `{"interval":"1s"}`, p + "outlier.interval": "5s"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			Override(tt.raw, "outlier.interval", "5s")
			if diff := cmp.Diff(tt.want, tt.raw); diff != "" {
				t.Errorf("raw values (-want +got):\n%s", diff)
			}
		})
	}
}
