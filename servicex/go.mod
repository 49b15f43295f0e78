module istio-circuit-breaker/servicex

go 1.26.0
