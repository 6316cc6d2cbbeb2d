#!/usr/bin/env bash
# A control plane on loopback that can be disturbed: its API server and signer are killed, and its etcd is
# restored from a snapshot. FleetEndToEndTests does that, and counts calls by the audit log.
#
#   DIR=/tmp/cluster KUBE_BIN=DIRECTORY bash control-plane.sh create
#
# KUBE_BIN has kube-apiserver and kube-controller-manager; etcd, etcdctl, etcdutl and kubectl are on the
# path. The command "end" ends all that was started.
set -euo pipefail
D=${DIR:?}; B=${KUBE_BIN:?}; PORT=${PORT:-17643}; EP=${ETCD_PORT:-13479}; SEATS=${SEATS:-150}
here=$(cd "$(dirname "$0")" && pwd)
admin=(kubectl --kubeconfig "$D/admin.kubeconfig")

launch() { # NAME COMMAND...
  setsid "${@:2}" >>"$D/$1.log" 2>&1 </dev/null &
  echo $! >"$D/$1.pid"
}
end() {
  local pid; pid=$(cat "$D/$1.pid")
  kill -9 "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}
etcd_start() {
  launch etcd etcd --data-dir "$D/etcd" --listen-client-urls "http://127.0.0.1:$EP" --advertise-client-urls "http://127.0.0.1:$EP" \
    --listen-peer-urls "http://127.0.0.1:$((EP + 1))" --unsafe-no-fsync
}
server_start() {
  launch apiserver "$B/kube-apiserver" --etcd-servers="http://127.0.0.1:$EP" --secure-port="$PORT" --bind-address=127.0.0.1 \
    --advertise-address=127.0.0.1 --tls-cert-file="$D/apiserver.crt" --tls-private-key-file="$D/apiserver.key" \
    --client-ca-file="$D/ca.crt" --service-account-key-file="$D/sa.pub" --service-account-signing-key-file="$D/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-cluster-ip-range=10.96.0.0/16 \
    --authorization-mode=Node,RBAC --audit-policy-file="$here/audit-policy.yaml" --audit-log-path="$D/audit.log" \
    --audit-log-mode=blocking --max-requests-inflight="$SEATS" --max-mutating-requests-inflight=0
  until "${admin[@]}" get --raw /readyz >/dev/null 2>&1; do sleep 0.2; done
}
signer_start() {
  launch signer "$B/kube-controller-manager" --kubeconfig="$D/signer.kubeconfig" --cluster-signing-cert-file="$D/ca.crt" \
    --cluster-signing-key-file="$D/ca.key" --cluster-signing-duration="${LIFETIME:-24h}" --service-account-private-key-file="$D/sa.key" \
    --bind-address=127.0.0.1 --secure-port=$((PORT + 1)) --leader-elect=false --kube-api-qps=2000 --kube-api-burst=4000 \
    --use-service-account-credentials=true --controllers=csrsigning,csrapproving,serviceaccount-controller
}
kubeconfig() { # NAME USER
  printf '%s\n' 'apiVersion: v1' 'kind: Config' 'current-context: x' 'contexts: [{name: x, context: {cluster: c, user: u}}]' \
    "clusters: [{name: c, cluster: {server: \"https://127.0.0.1:$PORT\", certificate-authority: \"$D/ca.crt\"}}]" \
    "users: [{name: u, user: {$2}}]" >"$D/$1.kubeconfig"
}
certificate() { # NAME SUBJECT EXTENSIONS
  openssl req -newkey rsa:2048 -nodes -keyout "$D/$1.key" -out "$D/$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "$D/$1.csr" -CA "$D/ca.crt" -CAkey "$D/ca.key" -CAcreateserial -days 30 -out "$D/$1.crt" \
    -extfile <(printf '%s\n' "$3") 2>/dev/null
}

case $1 in
create)
  mkdir -p "$D"
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$D/ca.key" -out "$D/ca.crt" -days 30 -subj /CN=kubernetes \
    -addext keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign 2>/dev/null
  openssl genrsa -out "$D/sa.key" 2048 2>/dev/null
  openssl rsa -in "$D/sa.key" -pubout -out "$D/sa.pub" 2>/dev/null
  certificate apiserver /CN=kube-apiserver subjectAltName=DNS:localhost,IP:127.0.0.1,IP:10.96.0.1
  certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
  certificate signer /CN=system:kube-controller-manager extendedKeyUsage=clientAuth
  for name in admin signer; do
    kubeconfig $name "client-certificate: \"$D/$name.crt\", client-key: \"$D/$name.key\""
  done
  etcd_start
  server_start
  signer_start
  "${admin[@]}" apply -f "$here/real-cluster.yaml"
  kubeconfig test "token: \"$("${admin[@]}" -n kube-system create token cert-manager-test --duration=6h)\""
  ;;
kill) end apiserver ;;
start) server_start ;;
kill-signer) end signer ;;
start-signer) signer_start ;;
save) etcdctl --endpoints "127.0.0.1:$EP" snapshot save "$D/snapshot" ;;
restore)
  end apiserver
  end etcd
  rm -rf "$D/etcd"
  etcdutl snapshot restore "$D/snapshot" --data-dir "$D/etcd"
  etcd_start
  ;;
narrow) "${admin[@]}" apply -f "$here/narrow-priority.yaml" ;;
widen) "${admin[@]}" delete -f "$here/narrow-priority.yaml" ;;
end) for name in signer apiserver etcd; do end $name; done ;;
*) echo "unknown: $1" >&2; exit 2 ;;
esac
