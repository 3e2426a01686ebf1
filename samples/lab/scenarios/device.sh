# What the router's own log says: rules with `log group 5`, and a tap that listens to that group.

# tap_log: the router's netfilter log as it comes from the kernel.
tap_log() {
  (enter router tcpdump -i nflog:5 -s 0 -U -Z root -w "$STATE/capture.pcap") >"$STATE/tap.log" 2>&1 &
  TAP=$!
  wait_until grep -q 'listening on' "$STATE/tap.log"
}

# The rule that drops says so in its prefix; all else is logged as passed.
scenario_blocked_logged() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 log prefix "FW-DENY:" group 5'
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  path_rule 'log prefix "FW-PASS:" group 5'
  tap_log
  calls_and_then agent "$WEB_REPUTATION"
  sleep 1
  tap_off
}

holds_blocked_logged() {
  expect 'denied SYNs in the log' '>=' 3 "nflog.prefix==\"FW-DENY:\" && tcp.flags.syn==1"
  expect 'packets that passed' '>=' 20 "nflog.prefix==\"FW-PASS:\""
}

# The same from the agent's side, but the vendor's own host drops: the router's log has its SYNs as passed.
scenario_logged_passes() {
  build_lab
  path_rule 'log prefix "FW-PASS:" group 5'
  server_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_log
  calls_and_then agent "$WEB_REPUTATION"
  sleep 1
  tap_off
}

holds_logged_passes() {
  expect 'SYNs that passed' '>=' 3 "nflog.prefix==\"FW-PASS:\" && $SYN && ip.dst==203.0.113.42"
  expect 'denials' = 0 "nflog.prefix==\"FW-DENY:\""
}
