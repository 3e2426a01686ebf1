# shellcheck shell=bash
# One function a scenario; `scenario_a_b` records samples/a-b/. Sourced by `record`.

scenario_activation_ok() {
  build_lab
  tap_on
  activation agent
  update_from_relay agent
  tap_off
}

scenario_blocked_syn_dropped() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  activation agent
  heartbeat_later agent
  tap_off
}

scenario_blocked_rst() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 reject with tcp reset'
  tap_on
  activation agent
  fetch agent https://dsaas.url.trendmicro.com/
  heartbeat_later agent
  tap_off
}
