#!/usr/bin/env bash
# Starts a kubelet that bootstraps and rotates its client certificate, beside a control plane of control-plane.sh.
#
#   DIR=/tmp/cluster KUBE_BIN=DIRECTORY bash node.sh start|end
#
# KUBE_BIN has kubelet; containerd is on the path. No pod runs on the node. Needs root, and sets some kernel parameters, as
# each kubelet does.
set -euo pipefail
D=${DIR:?}; B=${KUBE_BIN:?}; N=$D/node; PORT=${KUBELET_PORT:-17750}

launch() { # NAME COMMAND...
  setsid "${@:2}" >>"$N/$1.log" 2>&1 </dev/null &
  echo $! >"$N/$1.pid"
}
case $1 in
start)
  mkdir -p "$N"
  printf '%s\n' 'version = 2' "root = \"$N/containerd\"" "state = \"$N/state\"" '[grpc]' "address = \"$N/containerd.sock\"" >"$N/containerd.toml"
  launch containerd containerd --config "$N/containerd.toml"
  until [ -S "$N/containerd.sock" ]; do sleep 0.2; done
  cat >"$N/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
rotateCertificates: true
address: 127.0.0.1
port: $PORT
healthzPort: $((PORT + 1))
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: "$D/ca.crt"}}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: "unix://$N/containerd.sock"
podLogsDir: "$N/logs"
volumePluginDir: "$N/plugins"
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
makeIPTablesUtilChains: false
localStorageCapacityIsolation: false
END
  launch kubelet "$B/kubelet" --config "$N/kubelet.yaml" --bootstrap-kubeconfig "$D/test.kubeconfig" --kubeconfig "$N/kubeconfig" \
    --hostname-override flood-kubelet --root-dir "$N/kubelet" --cert-dir "$N/pki" --v 2
  until [ -e "$N/pki/kubelet-client-current.pem" ]; do sleep 0.2; done
  ;;
end)
  for name in kubelet containerd; do
    kill "$(cat "$N/$name.pid")"
    while kill -0 "$(cat "$N/$name.pid")" 2>/dev/null; do sleep 0.1; done
  done
  umount "$N/kubelet"
  ;;
*) echo "unknown: $1" >&2; exit 2 ;;
esac
