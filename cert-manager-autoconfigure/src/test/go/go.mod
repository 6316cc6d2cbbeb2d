module kubelet.io/cert/recorder

go 1.24.0

require (
	github.com/go-logr/logr v1.4.2
	k8s.io/client-go v0.34.1
)
