#!/usr/bin/env bash
# Floods the control plane of control-plane.sh, and says what becomes of the certificates of a kubelet (node.sh) and
# of an application with the starter meanwhile. Both rotate all the time if certificates last for 90 seconds:
#
#   export DIR=/tmp/cluster KUBE_BIN=DIRECTORY LIFETIME=90s SEATS=30
#   bash control-plane.sh create; bash flood.sh create; bash flood.sh application JAR; bash node.sh start
#   bash flood.sh requests|signed|pods|own|nodes|none with|without
#   bash flood.sh end; bash node.sh end; bash control-plane.sh end
#
# JAR is that of the sample. curl, jq and openssl are on the path. A flood is made on 400 connections for two
# minutes (DURATION, in seconds), by:
#
#   requests  a service account: creates requests that nobody signs
#   signed    a service account: creates requests of nodes, which are signed
#   pods      50 service accounts: list 1,000 ConfigMaps
#   own       the service account of the application: the same
#   nodes     50 nodes: list 1,000 Services
#
# "with" has the two objects of docs/at-scale.md, which also says what was seen.
set -euo pipefail
D=${DIR:?}; SERVER=https://127.0.0.1:${PORT:-17643}; F=$D/flood; DURATION=${DURATION:-120}
here=$(cd "$(dirname "$0")" && pwd)
requests=/apis/certificates.k8s.io/v1/certificatesigningrequests
admin() { kubectl --kubeconfig "$D/admin.kubeconfig" "$@"; }

token() { admin -n flood create token "$1" --duration=6h; }
node() {
  openssl req -new -key "$F/key" -subj "/O=system:nodes/CN=system:node:$1" -out "$F/$1.csr"
  openssl x509 -req -in "$F/$1.csr" -CA "$D/ca.crt" -CAkey "$D/ca.key" -CAcreateserial -days 1 -out "$F/$1.crt" \
    -extfile <(echo extendedKeyUsage=clientAuth) 2>/dev/null
  printf 'cert = "%s"\nkey = "%s"\n' "$F/$1.crt" "$F/key" >"$F/$1"
}
many() { # SECONDS CREDENTIALS PATH CURL_OPTIONS...
  timeout "$1" curl -s --http1.1 --cacert "$D/ca.crt" -H 'Content-Type: application/json' -o /dev/null -w '%{http_code}\n' \
    -Z --parallel-max 8 -K "$F/$2" "${@:4}" "$SERVER$3?n=[1-${CALLS:-1000000}]" || true
}
request() { # SIGNER
  printf '{"metadata":{"generateName":"flood-","labels":{"flood":"yes"}},"spec":{"request":"%s","signerName":"%s","usages":["digital signature","client auth"]}}' \
    "$(base64 -w0 "$F/node-1.csr")" "$1"
}
create() {
  mkdir -p "$F"
  openssl ecparam -name prime256v1 -genkey -noout -out "$F/key"
  {
    admin create namespace flood --dry-run=client -o yaml
    for object in "clusterrole flood --verb=create,list,watch --resource=configmaps,services,certificatesigningrequests" \
      "clusterrole flood-signed --verb=create --resource=certificatesigningrequests/nodeclient" \
      "clusterrolebinding flood --clusterrole=flood --group=system:serviceaccounts:flood" \
      "clusterrolebinding flood-signed --clusterrole=flood-signed --serviceaccount=flood:application --serviceaccount=flood:pod-1" \
      "clusterrolebinding flood-nodes --clusterrole=system:certificates.k8s.io:certificatesigningrequests:selfnodeclient --group=system:nodes"; do
      echo ---; admin create $object --dry-run=client -o yaml
    done
    printf -- '---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: %s, namespace: flood}}\n' application $(seq -f 'pod-%g' 50)
  } | admin apply -f - >/dev/null
  for name in application $(seq -f 'pod-%g' 50); do printf 'header = "Authorization: Bearer %s"\n' "$(token $name)" >"$F/$name"; done
  for name in $(seq -f 'node-%g' 50); do node "$name"; done
  request example.com/flood >"$F/requests"; request kubernetes.io/kube-apiserver-client-kubelet >"$F/signed"
  printf '{"metadata":{"generateName":"flood-"},"data":{"text":"%01000d"}}' 0 >"$F/configmap"
  printf '{"metadata":{"generateName":"flood-"},"spec":{"clusterIP":"None","externalName":"%0200d"}}' 0 >"$F/service"
  for body in configmap service; do CALLS=1000 many 100 pod-1 "/api/v1/namespaces/flood/${body}s" -d "@$F/$body" | sort | uniq -c; done
}
application() { # JAR
  sed "s|token: .*|token: \"$(token application)\"}}]|" "$D/test.kubeconfig" >"$F/application.kubeconfig"
  {
    printf '%s\n' "kubelet.cert.cert-dir=$F/pki" "kubelet.cert.kubernetes.kubeconfig=$F/application.kubeconfig" \
      kubelet.cert.startup.mode=background server.address=127.0.0.1 server.port=0
    for i in $(seq 20); do
      prefix=kubelet.cert; if [ "$i" -gt 1 ]; then prefix=kubelet.cert.additional.kubelet-$i; fi
      printf '%s\n' "$prefix.template.common-name=system:node:flood-$i" "$prefix.template.organizations=system:nodes"
    done
  } >"$F/application.properties"
  setsid java -Xmx256m -jar "$1" --spring.profiles.active=node "--spring.config.location=file:$F/application.properties" \
    >"$F/application.log" 2>&1 </dev/null &
  echo $! >"$F/application.pid"
}

# The calls of each flow schema that the server has carried out or rejected
counters() {
  admin get --raw /metrics | sed -nE 's/^apiserver_flowcontrol_(dispatched|rejected)_requests_total\{(.*)\} (.*)/\1 \2 \3/p' |
    sed -E 's/(,?)(flow_schema|priority_level|reason)=/\1/g; s/"//g'
}
# The time from the begin of each rotation of the kubelet to the stored pair, with its attempts, and whether the one
# before had expired
rotations() {
  local pair
  {
    sed -nE 's/.*I([0-9]{2})([0-9]{2}) ([0-9:.]+) .*"Rotating certificates".*/\1-\2 \3/p' "$D/node/kubelet.log" |
      while read -r day time; do date -ud "$(date +%Y)-$day $time" '+%s.%3N begun'; done
    for pair in "$D/node/pki"/kubelet-client-20*.pem; do
      echo "$(stat -c '%.3Y stored' "$pair") $(date -d "$(openssl x509 -noout -enddate -in "$pair" | cut -d= -f2)" +%s)"
    done
  } | sort -n | awk -v begin="$BEGIN" '$2 == "begun" { if (!tries++) at = $1; next }
    { if ($1 > begin) printf "%.1f s (%d%s) ", $1 - at, tries, ($1 > until) ? ", late" : ""; tries = 0; until = $3 }'
}
# The answers to the requests of a user, and the longest time of a call, by the audit log
answers() { # USER
  jq -rR --arg user "$1" --arg begin "$(date -ud "@$BEGIN" +%FT%T)" 'def seconds: .[17:23] | tonumber;
    fromjson? | select(.verb == "create" and .stage == "ResponseComplete" and .user.username == $user and .stageTimestamp > $begin)
    | "\(.responseStatus.code) \((.stageTimestamp | seconds) - (.requestReceivedTimestamp | seconds))"' "$D/audit.log" |
    awk '{ t = $2 < 0 ? $2 + 60 : $2; n[$1]++; if (t > most) most = t }
      END { for (code in n) printf "%d of %s, ", n[code], code; printf "at most %.2f s", most }'
}
logged() { # TEXT
  awk -v begin="$(date -ud "@$BEGIN" +%FT%T)" -v text="$1" '$1 > begin && index($0, text)' "$F/application.log" | wc -l
}
flood() { # KIND with|without
  sed '/^```yaml/,/^```$/!d; /^```/d' "$here/../../../../docs/at-scale.md" >"$F/objects.yaml"
  admin delete --ignore-not-found -f "$F/objects.yaml" >/dev/null
  if [ "$2" = with ]; then admin apply -f "$F/objects.yaml"; fi
  sleep 15
  counters >"$F/before"; BEGIN=$(date +%s)
  for i in $([ "$1" = none ] || seq 50); do
    case $1 in
    requests | signed) many "$DURATION" pod-1 $requests -d "@$F/$1" ;;
    pods) many "$DURATION" "pod-$i" /api/v1/namespaces/flood/configmaps ;;
    own) many "$DURATION" application /api/v1/namespaces/flood/configmaps ;;
    nodes) many "$DURATION" "node-$i" /api/v1/services ;;
    esac >/dev/null &
  done
  sleep $((DURATION - 10))
  echo "load: $(cut -d' ' -f1 /proc/loadavg)"
  admin get --raw /metrics | sed -nE 's/^apiserver_flowcontrol_current_limit_seats\{.*"(certificate-requests|system|workload-low)"\}/seats of \1:/p'
  wait
  counters >"$F/after"
  awk 'NR == FNR { was[$1 $2] = $3; next } $3 > was[$1 $2] { print $1, $2, $3 - was[$1 $2] }' "$F/before" "$F/after"
  echo "kubelet: requests: $(answers system:node:flood-kubelet); rotations: $(rotations)"
  echo "application: requests: $(answers system:serviceaccount:flood:application);" \
    "$(logged '] Rotated ') rotations, $(logged 'The certificate expired') expired"
  # The API server ends each call after a minute
  until admin delete --raw "$requests?labelSelector=flood%3Dyes" >/dev/null; do sleep 1; done
}
case $1 in
create) create ;;
application) application "$2" ;;
end) kill "$(cat "$F/application.pid")" ;;
*) flood "$1" "$2" ;;
esac
