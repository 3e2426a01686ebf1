# shellcheck shell=bash
# What the vendor's pages warn of. Sourced by `record` and `verify`.

APP=https://app.deepsecurity.trendmicro.com/

# from_ports PORT:PORT ...: in turns, each left port beside a right one.
from_ports() {
  local pair
  for pair in "$@"; do
    fetch agent "$APP" --local-port "${pair%:*}" &
    sleep 0.5
    fetch agent "$APP" --local-port "${pair#*:}"
  done
  sleep 12
}

# A rule for high source ports, which nobody thought of.
scenario_blocked_source_ports() {
  build_lab
  path_rule 'ip daddr 203.0.113.0/24 tcp sport 50000-65535 drop'
  path_rule 'ip daddr 198.51.100.0/24 tcp sport 50000-65535 drop'
  tap_on
  from_ports 60001:40001 60003:40003 60005:40005
  fetch agent https://files.trendmicro.com/ --local-port 40007
  sleep 11
  fetch agent https://agents.deepsecurity.trendmicro.com/ --local-port 40009
  tap_off
}

holds_blocked_source_ports() {
  expect 'SYNs from high ports' '>=' 9 "$SYN && tcp.srcport>=50000"
  expect 'no answer to high ports' = 0 'tcp.dstport>=50000 && tcp.dstport<=65535'
  expect 'answers to low ports' '>=' 4 'tcp.flags.syn==1 && tcp.flags.ack==1'
}

# One of two paths is dead, and which one a connection takes its ports decide, as routers share load.
scenario_one_path_dead() {
  build_lab
  path_rule 'ip saddr 10.20.0.10 tcp sport & 1 == 1 drop'
  tap_on
  from_ports 60001:60002 40001:40004 50003:50006
  fetch agent https://files.trendmicro.com/ --local-port 40008
  sleep 11
  fetch agent https://app.deepsecurity.trendmicro.com/ --local-port 40010
  tap_off
}

holds_one_path_dead() {
  expect 'SYNs from odd ports' '>=' 9 "$SYN && (tcp.srcport==60001 || tcp.srcport==40001 || tcp.srcport==50003)"
  expect 'answers' '>=' 4 'tcp.flags.syn==1 && tcp.flags.ack==1'
}
