package lint

import "istio-circuit-breaker/internal/breaker"

// Code is a kind of finding: its stable name, the severity that it has where
// nothing else is said, and a title.
type Code struct {
	Name     string
	Severity Severity
	Title    string
}

// Codes of the model keep the model's names.
const (
	maskedBy5xx    = breaker.MaskedBy5xx
	defaultOf5xx   = breaker.DefaultOf5xx
	noThreshold    = breaker.NoThreshold
	noneEjectable  = breaker.NoneEjectable
	zeroPercent    = breaker.ZeroPercent
	allEjectable   = breaker.AllEjectable
	panicRouting   = breaker.PanicRouting
	lateReturn     = breaker.LateReturn
	noGrowth       = breaker.NoGrowth
	ownZone        = breaker.OwnZone
	stickyBalancer = breaker.StickyBalancer
	noPodsToChoose = breaker.NoPodsToChoose
	errorCodes     = breaker.ErrorCodes
)

// Codes of what only a text can have.
const (
	equalThresholds   = "equal-thresholds"
	default5xxBeside  = "default-5xx-beside"
	gatewayOff        = "gateway-errors-off"
	firstError        = "first-error-ejects"
	consecutiveErrors = "deprecated-consecutive-errors"
	percentRange      = "percent-out-of-range"
	badDuration       = "bad-duration"
	badValue          = "bad-value"
	unknownField      = "unknown-field"
	misplacedField    = "misplaced-field"
	duplicateField    = "duplicate-field"
	nullBlock         = "null-block"
	localWithoutSplit = "local-origin-without-split"
	localDefault      = "local-origin-default"
	localApart        = "local-origin-apart"
	portLoses         = "port-level-loses-rule"
	blockReplaced     = "block-replaced"
	twoRules          = "two-rules-one-host"
	hostNotExpanded   = "host-not-expanded"
	shortHost         = "short-host-elsewhere"
	noService         = "no-such-service"
	retriesHide       = "retries-hide-errors"
	timeoutCounts     = "timeout-counts"
	faultNotCounted   = "fault-not-counted"
	slowConnect       = "slow-connect-timeout"
	deprecatedCounter = "query-deprecated-counter"
	unknownCounter    = "query-unknown-counter"
	wrongDetector     = "query-wrong-detector"
	detectorOff       = "query-detector-off"
	ratesGauge        = "query-rates-a-gauge"
	notExported       = "query-not-exported"
	ignoreNoReason    = "ignore-without-reason"
	ignoreUnknown     = "ignore-unknown-code"
	ignoreUnused      = "ignore-unused"
)

// Codes are all kinds of findings.
func Codes() []Code {
	return []Code{
		{maskedBy5xx, Error, "consecutiveGatewayErrors comes too late: consecutive5xxErrors, or Envoy's default of it, is reached first"},
		{equalThresholds, Info, "both thresholds are the same"},
		{default5xxBeside, Info, "Envoy's default of five 5xx is in force beside consecutiveGatewayErrors"},
		{gatewayOff, Warning, "consecutiveGatewayErrors 0 is off, and a threshold of 5xx is in force"},
		{defaultOf5xx, Info, "no threshold is set: Envoy's default of five 5xx ejects"},
		{noThreshold, Error, "no threshold is in force: no error count ejects"},
		{firstError, Warning, "a threshold is 1: a single error ejects"},
		{consecutiveErrors, Error, "consecutiveErrors is deprecated and has no effect"},
		{errorCodes, Warning, "outlierDetectionHttpErrorCodes has no effect"},
		{noneEjectable, Warning, "maxEjectionPercent lets no pod go"},
		{zeroPercent, Warning, "maxEjectionPercent 0 is the same as not set"},
		{allEjectable, Info, "every pod may be out at once"},
		{panicRouting, Warning, "minHealthPercent has Envoy call ejected pods"},
		{percentRange, Error, "a percentage is not 0 to 100"},
		{lateReturn, Warning, "interval is not below baseEjectionTime: pods return late"},
		{noGrowth, Info, "baseEjectionTime is at the cap: later ejections last no longer"},
		{badDuration, Error, "a duration that Istio refuses"},
		{badValue, Error, "a value that Istio refuses"},
		{unknownField, Error, "a field that Istio does not have"},
		{misplacedField, Error, "a field in a place where Istio has none"},
		{duplicateField, Error, "a field that is there twice"},
		{nullBlock, Warning, "outlierDetection is null: there is none"},
		{localWithoutSplit, Error, "consecutiveLocalOriginFailures without splitExternalLocalOriginErrors"},
		{localDefault, Info, "Envoy's default of five failures of the sidecar's own is in force"},
		{localApart, Info, "failed connections no longer count as gateway errors"},
		{ownZone, Info, "outlier detection switches locality failover on"},
		{stickyBalancer, Info, "the balancer leaves no choice of pods"},
		{noPodsToChoose, Error, "callers choose the address: a sidecar has no pods to eject"},
		{portLoses, Error, "portLevelSettings replace the policy, and lose its outlierDetection"},
		{blockReplaced, Warning, "an inner outlierDetection replaces the outer one as a whole"},
		{twoRules, Warning, "several rules for one host: some callers do not have this one"},
		{hostNotExpanded, Warning, "a host with a dot is not expanded: the rule fits no service"},
		{shortHost, Warning, "a short host is a service of the rule's own namespace"},
		{noService, Warning, "a host that no service has"},
		{retriesHide, Warning, "retries hide errors from callers, and each try counts"},
		{timeoutCounts, Info, "a timeout of the route counts as the pod's gateway error"},
		{faultNotCounted, Warning, "injected faults never count"},
		{slowConnect, Info, "a pod that does not connect is counted slowly"},
		{deprecatedCounter, Warning, "a counter that does not tell ejections for gateway errors"},
		{unknownCounter, Error, "a counter that Envoy does not have"},
		{wrongDetector, Error, "a counter of a detector that none of the rules uses"},
		{detectorOff, Warning, "a counter of a detector that Istio switches off"},
		{ratesGauge, Warning, "a rate of a gauge"},
		{notExported, Info, "sidecars do not export this metric unless told to"},
		{ignoreNoReason, Warning, "an exception without a reason"},
		{ignoreUnknown, Warning, "an exception for a code that does not exist"},
		{ignoreUnused, Info, "an exception for something that is not found"},
	}
}

// severityOf is the severity that a code has by itself.
var severityOf = func() map[string]Severity {
	all := map[string]Severity{}
	for _, c := range Codes() {
		all[c.Name] = c.Severity
	}
	return all
}()

// Sources of facts.
const (
	pilotPolicy   = "istio pilot/pkg/networking/core/cluster_traffic_policy.go"
	pilotMerge    = "istio pilot/pkg/networking/util/util.go, MergeSubsetTrafficPolicy"
	pilotRules    = "istio pilot/pkg/model/push_context.go, destinationRule; destination_rule.go, mergeDestinationRule"
	pilotHosts    = "istio pilot/pkg/model/config.go, ResolveShortnameToFQDN"
	pilotRetry    = "istio pilot/pkg/networking/core/route/retry/retry.go"
	istioChecks   = "istio pkg/config/validation/validation.go, validateOutlierDetection"
	istioRule     = "istio pkg/config/validation/validation.go, ValidateDestinationRule"
	istioDuration = "istio pkg/config/validation/agent/validation.go, ValidateDuration"
	istioAPI      = "istio/api networking/v1alpha3/destination_rule.proto"
	istioCRD      = "istio/api kubernetes/customresourcedefinitions.gen.yaml"
	envoyDetector = "envoy source/common/upstream/outlier_detection_impl.cc"
	envoyStats    = "envoy docs, cluster_stats.rst"
)
