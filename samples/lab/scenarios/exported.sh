# shellcheck shell=bash
# What `pktaudit rules export --to nftables` gives, as the only way out of the site.

# only_way_out SITE [WITHOUT]: the router forwards what the export for a site lets through, and nothing else. The export
# takes the addresses that the lab's resolver gives; a name WITHOUT an address is in no set.
only_way_out() {
  local site=$1 without=${2:-nothing} status
  awk '$1 == "a" { print $2 ". 60 IN A " $3 } $1 == "cname" { print $2 ". 60 IN CNAME " $3 "." }' "$HERE/names.txt" |
    grep -v "^$without\. " >"$STATE/answers.txt"
  "$(pktaudit_program)" rules export -q --to nftables --site "$site" --dns-seed "$STATE/answers.txt" >"$STATE/allow.nft" || status=$?
  # 1: some rows have no addresses here, which is told on standard error.
  ((${status:-0} < 2)) || fail 'rules export failed'
  ip netns exec "$PREFIX-router" nft -f "$STATE/allow.nft"
  ip netns exec "$PREFIX-router" nft -f - <<'NFT'
table inet pktaudit {
  chain forward {
    type filter hook forward priority 10; policy drop;
    ct state established,related accept
    jump pa_allow
  }
}
NFT
}

pktaudit_program() {
  printf '%s\n' "${PKTAUDIT:-$SAMPLES/../target/debug/pktaudit}"
}

scenario_exported_filter() {
  build_lab
  only_way_out "$SAMPLES/exported-filter/site.toml"
  tap_on
  activation agent
  tap_off
}

scenario_exported_filter_lacks_row() {
  build_lab
  only_way_out "$SAMPLES/exported-filter-lacks-row/site.toml" "${WITHOUT:-dsaas.url.trendmicro.com}"
  tap_on
  activation agent
  heartbeat_later agent
  tap_off
}

holds_exported_filter() {
  expect 'SYN-ACKs' '>=' 20 'tcp.flags.syn==1 && tcp.flags.ack==1'
  expect 'SYNs sent again' = 0 'tcp.analysis.retransmission && tcp.flags.syn==1'
}

holds_exported_filter_lacks_row() {
  expect 'SYNs to the one service' '>=' 6 'ip.dst==203.0.113.42 && tcp.flags.syn==1'
  expect 'answers of it' = 0 'ip.src==203.0.113.42'
  expect 'SYN-ACKs of others' '>=' 20 'tcp.flags.syn==1 && tcp.flags.ack==1'
}
