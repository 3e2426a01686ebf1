# shellcheck shell=bash
# What an agent does: real clients, in the order of an activation. Sourced by `record`.

US_WORKLOAD=(
  app.deepsecurity.trendmicro.com
  agents.deepsecurity.trendmicro.com
  dsmim.deepsecurity.trendmicro.com
  relay.deepsecurity.trendmicro.com
  workload.us-1.cloudone.trendmicro.com
  agent-001.workload.us-1.cloudone.trendmicro.com
  agent-023.workload.us-1.cloudone.trendmicro.com
  ingress.workload.us-1.cloudone.trendmicro.com
  gateway.workload.us-1.cloudone.trendmicro.com
  xdr-resp-gw.workload.us-1.cloudone.trendmicro.com
)
EVENT_CHANNEL=(
  ak5ih4ev105f2-ats.iot.us-east-1.amazonaws.com
  azrb5zzyvrkw6-ats.iot.us-east-1.amazonaws.com
)
SMART_PROTECTION=(
  dsaas1100-en-census.trendmicro.com
  deepsecaas11-en.gfrbridge.trendmicro.com
  ds200-en.fbs25.trendmicro.com
  dsaas.icrc.trendmicro.com
  dsaas-en-f.trx.trendmicro.com
  dsaas-en-b.trx.trendmicro.com
  dsaas.url.trendmicro.com
)

# fetch SPACE URL [CURL OPTION...]: one request; a failure is a result, not an error of the lab. FETCH_OPTIONS is
# what a scenario adds to all of its requests, such as the way through a proxy.
fetch() {
  local space=$1 url=$2 result
  shift 2
  result=$(inside "$space" curl -sS -o /dev/null -w '%{http_code} %{remote_ip}' -A 'lab-agent/20.0.0-1559' \
    --cacert "$CERTIFICATES/ca.pem" --connect-timeout 9 --max-time 13 "${FETCH_OPTIONS[@]}" "$@" "$url" 2>&1 | paste -sd ' ') || true
  say "$space: $url -> $result"
  sleep 0.1
}

ask_time() { # SPACE
  local state=$STATE/chronyc-$1
  inside "$1" timeout 12 chronyd -Q -u root -t "${NTP_PATIENCE:-6}" "server $NTP iburst maxsamples 1" 'cmdport 0' \
    "pidfile $state.pid" 'bindcmdaddress /' 2>&1 | sed -n "s/.*\(System clock wrong by .*\|No suitable.*\|Timeout.*\)/  $1: ntp: \1/p" || true
}

send_syslog() { # SPACE WORDS
  inside "$1" logger --rfc3164 -t dsa -n "$SYSLOG" -P 514 -d "$2"
  say "$1: syslog: $2"
}

# update_from_relay SPACE: what an agent downloads from a local relay, which it knows by address.
update_from_relay() {
  fetch "$1" "https://$RELAY:4122/www/pattern/vsapi.bin" --insecure
}

contact_workload() { # SPACE
  local name
  for name in "${WORKLOAD[@]}"; do
    fetch "$1" "https://$name/"
  done
}

fetch_updates() { # SPACE
  fetch "$1" https://files.trendmicro.com/
  fetch "$1" http://files.trendmicro.com/
  fetch "$1" http://iaus.activeupdate.trendmicro.com/pattern/vsapi.bin
  fetch "$1" https://iaus.trendmicro.com/
}

contact_smart_protection() { # SPACE [NAME TO LEAVE OUT]
  local name
  for name in "${SMART_PROTECTION[@]}"; do
    [[ $name != "${2:-}" ]] || continue
    fetch "$1" "https://$name/"
  done
  [[ ${2:-} == dsaas.icrc.trendmicro.com ]] || fetch "$1" http://dsaas.icrc.trendmicro.com/tmcss/
}

contact_event_channel() { # SPACE
  local name
  for name in "${EVENT_CHANNEL[@]}"; do
    fetch "$1" "https://$name/"
  done
}

# activation SPACE: all that the vendor's page for us-1 lists for an agent, each once.
activation() {
  ask_time "$1"
  contact_workload "$1"
  fetch_updates "$1"
  contact_smart_protection "$1"
  contact_event_channel "$1"
  send_syslog "$1" 'CEF:0|Trend Micro|Deep Security Agent|20.0.0-1559|600|Agent activated|3|'
}

# short_activation SPACE: just enough of it to prove that path, resolver and servers work.
short_activation() {
  ask_time "$1"
  fetch "$1" https://app.deepsecurity.trendmicro.com/
  fetch "$1" https://agents.deepsecurity.trendmicro.com/
  fetch "$1" https://agent-001.workload.us-1.cloudone.trendmicro.com/
}

# heartbeat_later SPACE: the agent's next call, well after what went wrong, so no try is cut by the capture's end.
heartbeat_later() {
  sleep 11
  fetch "$1" https://agents.deepsecurity.trendmicro.com/
}
