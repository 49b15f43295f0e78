package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Patterns of texts, for editors, in what regular expressions of Go and of
// JavaScript have in common. Each takes whatever the program takes.
const (
	anyPattern        = `^[\s\S]+$`
	wordPattern       = `^\S+$`
	labelPattern      = `^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`
	subdomainPattern  = `^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	labelValuePattern = `^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`
	usernamePattern   = `^[^:]+$`
	versionPattern    = `^[0-9]+\.[0-9]+\.[0-9]+([-+][-+.0-9A-Za-z]+)?$`
	tagPattern        = `^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`
	durationPattern   = `^\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`
)

// upTo is the pattern of the whole numbers from 1 to high.
func upTo(high int32) string {
	digits := strconv.Itoa(int(high))
	rest := func(n int) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf("[0-9]{%d}", n)
	}
	numbers := []string{digits}
	for i, digit := range digits {
		least := '0'
		if i == 0 {
			least = '1'
		}
		if digit > least { // smaller from here on
			numbers = append(numbers, fmt.Sprintf("%s[%c-%c]%s", digits[:i], least, digit-1, rest(len(digits)-i-1)))
		}
	}
	for n := 1; n < len(digits); n++ { // shorter
		numbers = append(numbers, "[1-9]"+rest(n-1))
	}
	return "^0*(" + strings.Join(numbers, "|") + ")$"
}
