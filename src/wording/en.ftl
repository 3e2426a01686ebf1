# What reports say, as translators start from it. The English itself stands in the source, where it is said; a test holds this
# file to it, message by message, and each other catalogue to this one. Gaps are names, numbers, or other messages.

## audit/compare/write.rs

label_before = before
label_after = after
side_from_to = { $path }, { $first } to { $last }
label_in_part = in part
nothing_changed = nothing changed
column_what = what
column_before_and_after = before and after
more_with_v = and { $more } more; -v shows them
count_of_kind = { $count } { $what }
one_requirement_lost = 1 requirement lost
requirements_lost = { $count } requirements lost
one_requirement_met = 1 requirement met
requirements_met = { $count } requirements met
one_requirement_otherwise = 1 requirement otherwise
requirements_otherwise = { $count } requirements otherwise
change_broke = broke
change_newly_stopped = newly stopped
change_newly_intercepted = newly intercepted
change_new_unexpected = new unexpected
change_now_works = now works
change_now_work = now work
change_not_intercepted = not intercepted
change_unexpected_gone = unexpected gone
change_still_stopped = still stopped
change_not_tried_again = not tried again
compared_broke = Was reached, and is stopped now
compared_newly_stopped = Tried for the first time, and stopped
compared_requirement_lost = Requirements that are stopped now
compared_newly_intercepted = Opened on the path now, and not before
compared_new_unexpected = Unexpected, and new
compared_now_works = Was stopped, and is reached now
compared_requirement_met = Requirements that are satisfied now
compared_not_intercepted = Not opened on the path any more
compared_gone_unexpected = Unexpected, and not seen any more
compared_still_stopped = Still stopped
compared_not_tried_again = Was stopped, and was not tried again
compared_requirement_changed = Requirements that fared otherwise before
outcome_at_stage = { $outcome } at { $stage }

## cli/audit_periods.rs

count_1_flow = 1 flow
count_flows = { $count } flows

## judge/absence.rs

host_has_way = { $host } has { $way } ({ $to })
host_uses_way = { $host } uses { $way } ({ $to })
may_be_over_connection_to = may have gone over the connection to { $other }
certificate_has_name_too = the certificate of the connection to { $other } has its name too
sent_and_not_refused = sent and not refused; the protocol has no answers, so that it arrived cannot be told
satisfied_under_ech = under ECH: the name stands in clear for others, and what is inside is not visible
hello_has_ech = its hello has an encrypted part (ECH), so the name may stand in clear for others
an_address = an address
seen_as_other_application = seen, but as { $spoken }, which the page does not list
tried_under_ech_behind = tried under ECH behind { $name }: the inner name is not visible
one_of_several_names = one of { $names }: the flow to { $address } says no name
tried_by_translation = tried at { $address }, where that is address translation (NAT64), which is not told
tried_from_unlisted = tried from an address on no list, where that is the one by which { $initiator } reaches IPv4 (CLAT)
older_connection_may_be_its = a connection to { $address } from before the capture may be its

## judge/alike.rs

name_stopped_alike = this name is stopped alike at { $alike } addresses of different networks, where other names work: a filter on names

## judge/attempt/connect.rs

syns_over = {" "}over { $over }
syn_unanswered = SYN sent { $times }{ $over }, nothing came back
once = once
so_many_times = { $times } times
one_ack = an ACK
several_acks = ACKs
syn_answered_by_old_ack = SYN sent { $times }, answered by { $acks } of another connection: the server still has an older one with these ports
syn_ack_not_acknowledged = SYN sent { $syns }, answered by SYN-ACK, which was never acknowledged: the way back is stopped behind the tap, or the initiator drops it
window_stayed_closed = connected, and the responder's window stayed closed for { $lasted }: it took nothing
syn_unanswered_without_times = SYN sent { $syns }, nothing came back; for how long cannot be told, since all frames have one and the same time
rst_right_after_handshake = RST right after the handshake

## judge/attempt/datagram.rs

quic_datagrams = datagrams with QUIC
plain_datagrams = datagrams
one_datagram_sent = 1 datagram was sent
datagrams_sent = { $packets } { $what } were sent
datagrams_unanswered = { $sent }, nothing came back
quic_goes_on = the server answers the QUIC handshake, and the client goes on for { $waited } without its end
quic_closed_by_alert = the server side closes the QUIC handshake with alert { $description }

## judge/attempt/device.rs

stopped_behind_device = { $passed }: what stops it lies behind that
device_passed = passed
device_stopped = stopped
of_the_answers = { $words }, of the answers
device_ended = ended
pf_anchor = { $rule }.{ $subrule } of anchor { $ruleset }
pf_bad_offset = {" "}(bad offset)
pf_fragment = {" "}(fragment)
pf_too_short = {" "}(too short)
pf_normalisation = {" "}(normalisation)
pf_no_memory = {" "}(no memory)
pf_not_by_rule = {" "}(not because the rule matched)
pf_rule = pf { $what } it by rule { $rule } on { $interface }{ $why }
hook_prerouting = prerouting
hook_input = input
hook_forward = forward
hook_output = output
hook_postrouting = postrouting
hook_unknown = an unknown hook
nflog_words = netfilter logged it at { $hook } with the rule author's words { $prefix }
xdp_failed = an XDP program of this host failed on it (XDP_ABORTED)
xdp_dropped = an XDP program of this host dropped it (XDP_DROP)
xdp_let_go_on = an XDP program of this host let it go on (code { $code })
windows_dropped = Windows itself dropped it
big_ip_reset = the BIG-IP itself sent the reset: { $cause }
in_file_of_dropped = it lies in a file of what a device dropped
fw_monitor_inbound = fw monitor saw it at i on { $interface } and not at I: the gateway's inbound chain dropped it
fw_to_leave_by = to leave by
fw_came_in_by = that came in by
fw_monitor_outbound = fw monitor saw it at o, { $by } { $interface }, and not at O: the gateway's outbound chain dropped it
fw_monitor_left = fw monitor saw it leave the gateway ({ $interface })

## judge/attempt/handshake.rs

said_rst = RST
the_http_request = the HTTP request
the_first_data = the first data
the_key_exchange = the client's key exchange
second_hello = the second ClientHello, which the server had asked for,
a_hello_without_name = a ClientHello without a name
the_client_hello = the ClientHello
second_hello_plain = the second ClientHello, which the server had asked for
lost_segment = a segment of { $length } bytes,{" "}
flight_not_acknowledged = { $segment }{ $unheard } bytes in all of the server's part of the handshake are never acknowledged by the client within { $waited }
server_alert = the server side ends the handshake with alert { $description }
servers_hello = hello
servers_answer = answer, which is no hello as far as it is there to be read
said_fin = FIN
handshake_cut = { $how } from the server's side { $flight } after its { $answer }, before the handshake was over
handshake_left = the client ends the connection { $flight } after the server's { $answer } and never sends Finished
the_last_message = the client's last message of the handshake
ended_after = { $how } { $wait } after { $what }
fin_answers = FIN answers { $what }
connection_reset = reset
connection_closed = closed
ended_too_early = { $how } by the server's side before { $what } could reach it
was_sent = { $what } was sent
was_sent_times = { $what } was sent { $times } times
no_data_within = { $words }, no data came back within { $waited }
no_data_though_acknowledged = { $words }, no data came back within { $waited }, although it was acknowledged
plain_status_answers = HTTP status { $status } in clear answers the ClientHello
the_server_side = the server side
the_server_behind_flight = the server, behind the client's flight,
the_client = the client
alert_by = { $who } ends the handshake with alert { $description }
server_answers_with_alert_size = the server answers the client's flight with a record of an alert's size and ends
client_answers_with_alert_size = the client answers the server's flight with a record of an alert's size and ends

## judge/attempt/http.rs

status_alone = HTTP status { $status }
page_names_policy = names its policy
page_has_marks = has its marks
block_page_of = a block page of { $by }, which { $what }
http_answer_is = the HTTP answer { $status } is { $page }
proxy_answers_status = the proxy answers with status { $status }
rst_answers_later_request = RST answers the HTTP request, on a connection that had answered another one
http_answer_block_page = the HTTP answer is a block page of { $mark }

## judge/attempt/icmp.rs

icmp_prohibited = administratively prohibited
icmp_port = port unreachable
icmp_time = time exceeded
icmp_unreachable = unreachable
icmp_from = { $version } type { $kind } code { $code } ({ $what }) from { $from }

## judge/attempt/late.rs

end_unanswered = the initiator's end had no answer for { $waited } after { $payload_bytes } bytes{ $unheard }
rst_after_bytes = RST after { $payload_bytes } bytes had come back{ $unheard }
stalled_after_bytes = nothing came back for { $waited } after { $payload_bytes } bytes{ $unheard }
not_acknowledged = ; { $numbers } of the initiator's sequence numbers were not acknowledged

## judge/attempt/mod.rs

doubt_one_way = only one direction was captured
doubt_capture_end = the capture ends too soon after it
doubt_midstream = the capture begins in the middle of it
doubt_nothing_said = connected, but neither side said anything
doubt_given_up = the initiator gave up first
doubt_frames_missing = frames of it are missing from the capture
doubt_no_times = all frames of the capture have one and the same time
doubt_sent_elsewhere = every answer redirects to a host on no list
doubt_older = opened before the capture began, so what DNS said since then does not tell whom it is for
doubt_one_of_several = it says no name, and its address has several: one of them
doubt_encrypted_hello = tried under ECH: the inner name is not visible
doubt_other_application = another application than the page lists was spoken
doubt_translation = its destination ends with an IPv4 address: whether that is address translation (NAT64) is not told
doubt_guessed_host = its address is on no list, and may be one by which a host of the site reaches IPv4 (CLAT)
doubt_unanswered = nothing came back, and whether an answer is due is not known
doubt_only_logged = only records of a device's log, or samples, are there, and what these do not hold is not missing
doubt_key_refused = the server did not take the key of the encrypted hello: the client tries again

## judge/attempt/reset.rs

rst_before_own_data = RST answers { $what }, and the server's own data still arrives behind it
rsts_differ = { $resets } RSTs with different sequence numbers answer { $what }, before the server said anything
rst_ttl_unlike_syn_ack = the RST has TTL { $ttl }, the SYN-ACK of the same connection { $ttl2 }: not sent by the server
rst_answers_with_other_ttl = RST answers { $what }, with another TTL than the server's
rst_ttl_unlike_server = the RST has TTL { $ttl }, what the server said in the same connection { $ttl2 }: not sent by the server
rst_in_handshake_with_other_ttl = RST in the middle of the handshake, with another TTL than the server's

## judge/attempt/tcp.rs

rst_answers_syn = RST answers the SYN

## judge/attempt/tunnel.rs

the_socks_request = the SOCKS request
the_connect = CONNECT
and_page_of = {" "}and a page of { $by }
status_and_page = status { $status }{ $page }
socks_reply = reply { $reply } ({ $meaning })
socks_reply_rejected = reply { $reply } (rejected or failed)
socks_login_refused = that the login will not do
proxy_answers = the proxy answers { $what } with { $said }
socks_not_allowed = connection not allowed by its rule set
socks_network = network unreachable
socks_host = host unreachable
socks_refused = connection refused by the destination
socks_ttl = TTL expired
socks_command = command not supported
socks_address = address type not supported
socks_failure = general failure
silent_to_socks = says nothing to the SOCKS request
silent_to_connect = says nothing to CONNECT
closes_on_socks = closes the connection without an answer to the SOCKS request
closes_on_connect = closes the connection without an answer to CONNECT
proxy_does = the proxy { $what }{ $words }
inside_rst = RST answers the ClientHello
inside_fin = FIN answers the ClientHello
inside_hello_unanswered = the ClientHello is not answered
inside_unanswered = what the client says is not answered
inside_ends = the connection ends without an answer to what the client says
inside_tunnel = inside the tunnel that the proxy granted { $what }{ $words }
inside_tunnel_alert = inside the tunnel that the proxy granted a TLS alert answers
proxy_ends_stream = the proxy ends the stream of CONNECT: its own connection failed
proxy_resets_stream = the proxy resets the stream of CONNECT with code { $code }
inside_stream_unanswered = inside the tunnel that the proxy granted what the client says is not answered
proxy_silent_to_connect = the proxy says nothing to CONNECT
what_and_silence = { $what }{ $silence }
silence_rst = , by RST after { $waited }
silence_fin = , by FIN after { $waited }
silence_within = {" "}within { $waited }

## judge/audited.rs

do_see_interface = see whether it is the right interface or file, and whether a capture filter keeps everything out
do_see_tap = see whether the tap carries the hosts' traffic, in a link type and tunnel that pktaudit reads
do_see_site_file = see the site file's documents, region, features and roles; pktaudit rules list shows what keeps each off
do_give_roles = give the hosts their roles in a site file; pktaudit site init writes a first one from this capture
do_put_hosts = put the hosts that were seen under [roles] in the site file, or capture where those of the site file are
do_see_ignore = see [[ignore]] in the site file, and whether it is the right interface
count_and_reason = { $n } { $why }
nothing_no_frame = there is no frame
nothing_no_flow = no packet of a flow in { $frames } frames
reason_and_count = { $why } { $n }
nothing_no_requirement = no requirement is active at this site
nothing_no_private = no flow begins at a private address
nothing_from_networks = no flow begins in { $networks }
nothing_no_host = no host opened a flow
host_one_flow = { $ip } (1 flow)
host_flows = { $ip } ({ $flows } flows)
hosts_seen = hosts seen: { $seen }
nothing_left_out = all flows of the site's hosts are left out
nothing_audited = nothing was audited: { $why }
what_with_list = { $what } ({ $list })

## judge/blocked.rs

stopped_at = stopped at { $stage }: { $shown }
likely_stopped_at = likely stopped at { $stage }: { $shown }
failed_at = failed at { $stage }: { $shown }
at_own_proxy = the site's own proxy, before anything was asked of it: { $what }
reached_until = reached until { $until }
reached_but_stalls = reached, but each of its connections stalls later: { $shown }
do_see_stalls = look at what stops connections that are under way: content filters, limits on sessions or bytes, path MTU
reached_but_one_way_fails = reached, but another way to it fails: { $shown }
do_open_other_way = open the failing way too, or take its addresses out of DNS
recovered_after = stopped at { $stage } until { $last }, and reached later: { $words }
recovered_later = stopped at { $stage }, and reached later: { $words }
do_see_change = see what was changed on the path in between
of_port = {" "}port { $port }/{ $transport }
do_give_login = give the agent on { $from } a login that the proxy takes, or exempt { $target } from it
do_see_proxy_log = look into the log of the proxy: whether it lets { $from } reach { $target }{ $port }, and gets there itself
do_see_path = look at the path from { $from } to { $target }{ $port }, and whether the server is up
do_allow_by_named_rule = allow { $from } to { $target }{ $port } on the device that says so, by the rule that it names
do_allow_on_host = allow { $from } to { $target }{ $port } on the capturing host itself
do_allow_between_points = allow { $from } to { $target }{ $port } on the device between the two points
do_allow_in_firewalls = allow { $from } to { $target }{ $port } in the firewalls on the path
do_allow_any_source_port = allow { $from } to { $target }{ $port } from whatever source port, in the firewalls on the path
do_allow_on_device = allow { $from } to { $target }{ $port } on the device { $by }, which refuses it
do_allow = allow { $from } to { $target }{ $port }
do_allow_name = allow the name { $target } in what filters by TLS names (web filter, application control)
do_exempt = exempt { $target } from TLS inspection, or give the agent the inspecting CA
do_let_resolver_by = let the resolver { $by } answer for { $target }
do_let_resolver = let the resolver answer for { $target }
do_allow_on_proxy = allow { $target }{ $port } on the proxy
do_let_proxy_reach = allow the proxy itself to reach { $target }{ $port }
do_allow_in_web_filter = allow { $target } in the web filter

## judge/census.rs

way_dns = DNS in clear
way_dns_elsewhere = DNS in clear to name servers on no list
way_dot = DNS over TLS
way_doq = DNS over QUIC
way_doh = DNS over HTTPS
way_likely_doh = what looks like DNS over HTTPS
way_tls_proxy = a proxy over TLS
way_unreached_proxy = a proxy of the site that it does not reach
way_likely_proxy = one server over TLS, as if it were a proxy
way_nameless_tls = TLS without a name
way_ech = encrypted hellos (ECH)
way_older = connections from before the capture
way_no_lookup = connections without any lookup in the capture
way_one_lookup = 1 lookup
way_lookups = { $count } lookups
way_one_connection = 1 connection
way_connections = { $count } connections
way_gone = { $way }: { $what } to { $to }
way_gone_by_hosts = { $way }: { $what } of { $hosts } hosts to { $to }
names_hidden_hosts = names are hidden for { $hidden } of { $all } hosts

## judge/control.rs

rst_with_other_ttl = RST with another TTL than the server's
control_ttl = the RST has TTL { $ttl }, all other packets of this server { $own }: not sent by the server
control_hasty = it took { $took }, no SYN-ACK of these servers less than { $soonest }: not sent by the server
control_other_port = the same address answers this client on port { $port }: a port filter
control_over_udp = the same address answers this client over UDP port { $port }: a filter on TCP
control_other_client = the same address and port answers { $client }: a rule on the source
control_path = { $others } other addresses answer this client on port { $port }: the path works
control_other_name = the same address answers this client under the name { $name }: a filter on names
control_same_name_elsewhere = the same name at the same address answers { $client }: a rule on the source
control_trusted_elsewhere = { $client } finishes the handshake with the same server under the same name: this client alone does not trust it
control_through_proxy = the same proxy lets this client through to { $name }
control_sooner_reset = the RST took { $refused }, no SYN-ACK of these servers less than { $soonest }: not sent by the server
control_served_inside = the vendor's name is served at { $server }, inside of the site
control_other_machine_ttl = the SYN-ACK has TTL { $ttl }, others of this address have { $other }: another machine answers
control_other_machine_near = its packets passed { $away } routers at most, those of all other servers at least { $nearest }: another machine answers
whose_this_server = this server's
whose_neighbours = the neighbouring servers'
control_nearer_reset = the RST has TTL { $ttl }, { $whose } SYN-ACKs have { $known }: not sent by the server
control_udp_other_client = the same server answers { $client }: a rule on the source
control_udp_path = the server { $server } answers this client on the same port: the path works

## judge/evidence.rs

stage_dns = dns
stage_connect = connect
stage_tls = tls
stage_proxy = proxy
stage_http = http
stage_quic = quic
stage_udp = udp
stage_late = late
evidence-D-EDE = the resolver says that it blocks, censors, filters or forges the answer (RFC 8914)
evidence-D-SINK = the resolver answers with an address that leads nowhere
evidence-D-NX = the resolver says that the name does not exist
evidence-D-REFUSED = the resolver refuses to answer
evidence-D-SERVFAIL = the resolver fails to answer
evidence-D-SILENT = the resolver does not answer
evidence-D-RPZ = the resolver answers out of a policy zone
evidence-D-NODATA = the resolver knows the name, but gives no address for it
evidence-D-ALIAS = the name is an alias, and no address is given for what it stands for
evidence-D-TRUNC = the answer is too large for UDP, and it is not had over TCP
evidence-D-FRAG = the answer comes in fragments, and the later ones are missing
evidence-D-INJECT = one query gets two answers that contradict each other
evidence-D-NOCONN = the name was resolved, but no connection was tried
evidence-T-SYN0 = SYNs are not answered
evidence-T-SAC-LOST = SYN-ACKs are not acknowledged: the way back is stopped
evidence-T-ACK-OLD = SYNs are answered by ACKs of an older connection
evidence-T-WIN0 = the connection opens, but takes nothing: its window stays closed
evidence-T-SPORT = SYNs from some source ports die, and those from others are answered
evidence-T-RST = the SYN is answered with RST
evidence-T-RSTFAST = the SYN is answered with RST by something nearer than the server
evidence-T-ICMP-ADM = a device on the path says that the traffic is prohibited
evidence-T-ICMP-PORT = a device answers TCP with port unreachable, as packet filters do
evidence-T-ICMP-NET = a device says that there is no way to the address
evidence-T-SAC-RST = the connection is reset or closed before the server could have heard anything
evidence-T-POSTACK = the connection opens, but what the client says is never answered
evidence-T-2POINT = what enters on the inner side does not come out on the outer side, or the other way round
evidence-F-PFLOG = the log of pf says that a rule dropped it
evidence-F-NFLOG = the log of netfilter has it, with the words of a rule that drops
evidence-F-XDP = an XDP program of the capturing host dropped it
evidence-F-WINDOWS = Windows says that it dropped it
evidence-F-CHAIN = a Check Point gateway took it at one place of its chains and had it no more at the next
evidence-F-RESET = an F5 BIG-IP reset it, and says why
evidence-F-DROPFILE = it lies in a file of nothing but dropped packets
evidence-L-RST = the connection is reset right after the ClientHello
evidence-L-SILENT = the ClientHello is never answered
evidence-L-FIN = the connection is closed right after the ClientHello
evidence-L-FLIGHT = the server's part of the handshake does not reach the client
evidence-L-KEYS = the handshake stops: what the client says after the server's hello is never answered
evidence-L-CUT = the server's side ends the connection before the handshake is over
evidence-L-LEFT = the client ends the connection before the handshake is over
evidence-L-INJECT = the reset was made by something other than the server
evidence-L-NOSNI = a ClientHello without a server name is not answered
evidence-L-PLAIN = HTTP in clear answers the ClientHello
evidence-L-ALERT-S = the server side refuses the ClientHello with an alert
evidence-L-ALERT-C = the client does not trust the certificate that it is shown
evidence-L-ISSUER = the certificate comes from something that reads TLS on the path
evidence-H-RST = the connection is reset right after the HTTP request
evidence-H-FIN = the connection is closed right after the HTTP request, without an answer
evidence-H-BLOCK = the HTTP answer says that access is denied by policy or law
evidence-H-CONNECT = the proxy refuses what it is asked for by CONNECT, SOCKS or a request
evidence-H-GATEWAY = the proxy cannot reach the destination
evidence-H-SILENT = the proxy takes a request for a tunnel and gives no answer to it
evidence-U-SILENT = requests over UDP are not answered
evidence-U-ICMP-ADM = a device on the path says that the traffic is prohibited
evidence-U-ICMP = a device says that the address or port cannot be reached
evidence-Q-DROP = QUIC Initial packets are not answered
evidence-Q-HALF = the QUIC handshake is answered, but does not come to its end
evidence-Q-BOTH = neither QUIC nor TCP gets through
evidence-Q-CLOSE = the QUIC handshake is closed with an error
evidence-Q-ICMP = a device says that QUIC datagrams cannot get on
evidence-M-LATE = the connection is cut off after data had flowed

## judge/finding.rs

severity_high = high
severity_medium = medium
severity_low = low
code-nothing-audited = nothing-audited
finding-nothing-audited = nothing was audited: no traffic, no host or no requirement to hold it against
code-blocked = blocked
finding-blocked = traffic that a requirement covers was stopped on the path
code-failed = failed
finding-failed = traffic that a requirement covers failed; who did it cannot be told
code-forbidden = forbidden
finding-forbidden = traffic that a page says must not be
code-name-contradicted = name-contradicted
finding-name-contradicted = the name in the handshake is on no list, although the address belongs to a name that is
code-other-application = other-application
finding-other-application = a listed destination, but another application than the page lists is spoken there
code-encrypted-hello = encrypted-hello
finding-encrypted-hello = a listed name may have been tried in an encrypted hello, behind a name that nothing proves to be an outer one
code-encrypted-dns = encrypted-dns
finding-encrypted-dns = DNS to a name server of the site, over TLS, QUIC or HTTPS instead of in clear
code-wrong-port = wrong-port
finding-wrong-port = a listed destination on a port that is not listed for it
code-wrong-path = wrong-path
finding-wrong-path = a listed destination on a path that is not listed for it
code-wrong-role = wrong-role
finding-wrong-role = a listed destination, but not for hosts in this role
code-switched-off = switched-off
finding-switched-off = a listed destination of a feature, region or document that is off at this site
code-expired = expired
finding-expired = a listed destination whose entry was not valid any more, or not yet
code-not-tls = not-tls
finding-not-tls = a listed destination that was reached, but not with TLS as its row asks
code-list-gap = list-gap
finding-list-gap = a name under a vendor's domain that is on no list
code-hides-names = hides-names
finding-hides-names = a server on no list that seems to hide where a host goes: a proxy over TLS, or a resolver
code-unexpected-name = unexpected-name
finding-unexpected-name = a named destination that no requirement covers
code-other-address = other-address
finding-other-address = an address in no role that is a second one of a host that is in one: its traffic is not audited
code-unnamed = unnamed
finding-unnamed = a destination without a name, whose address no requirement covers
code-port-unstated = port-unstated
finding-port-unstated = a listed destination on a port that we do not assume; its page states none
code-doubtful-entry = doubtful-entry
finding-doubtful-entry = a listed destination whose entry is doubtful: another owner's name, if it is a slip
code-both-alternatives = both-alternatives
finding-both-alternatives = two alternatives that exclude each other were both used
code-never-seen = never-seen
finding-never-seen = a requirement that the capture never exercised
code-recovered = recovered
finding-recovered = traffic that was stopped at first got through later
code-intercepted = intercepted
finding-intercepted = TLS to a listed destination is opened by something on the path
code-degraded = degraded
finding-degraded = the aim is reached, but one way to it always fails, or each connection stalls later

## judge/hidden_names.rs

own_dns_hidden = { $dns } to a name server of the site, of which the page lists DNS in clear: what is asked is not visible
own_dns_fails = { $dns } to a name server of the site, of which the page lists DNS in clear, fails each time: { $shown }
do_say_encrypted = if that is how the site resolves, say encrypted = true under [dns] in the site file; else switch it off on the host
may_be_outer = DNS gave this address for { $inner }, and the hello has an encrypted part (ECH): { $target } may be an outer name only, which no HTTPS record in the capture says
do_say_outer = if it is the outer name of the provider's ECH, say so with outer-names under [ech] in the site file; else find out what the program really talks to
spoken_instead = { $spoken } is spoken there, where the page lists { $listed }
do_find_application = find out which program it is: a firewall that knows applications stops it, and it does not show that the listed one gets through

## judge/hosts.rs

same_host_perhaps = perhaps: alone in its /64 it speaks to addresses of translation only, as a host's own for IPv4 (CLAT); if so, list it in the site file with the host's role
same_host_by_card = packets of both come from one network card
taken_for_host = { $all } is taken for { $host }: { $why }
translation_untold = { $ip } ends with { $v4 }, which a requirement lists: where that is address translation, say nat64 = ["{ $prefix }"] under [dns] in the site file

## judge/intent/settle.rs

udp_tries_unanswered = { $tries } tries over UDP, nothing came back
and_tcp_fails = { $words }, and TCP fails too

## judge/intercepted.rs

do_exempt_names = exempt these names from TLS inspection where the vendor asks for it

## judge/interception.rs

signed_by_no_public_ca = the certificate for { $wanted } is signed by { $issuer }, which is no public CA
signs_for_unrelated = the same issuer signs for names of unrelated owners ({ $owners }): TLS is opened on the path

## judge/lookup.rs

of_alias = alias { $way }: { $words }

## judge/lookup_failure.rs

answered_by_another = { $asked } was asked, and { $ip } answers: hosts drop such answers
over_tcp = {" "}over TCP
one_query_unanswered = 1 query to { $server }{ $over }, no answer
queries_unanswered = { $count } queries to { $server }{ $over }, no answer
control_resolver_but_servers = the same resolver { $server } resolves other names for this client; the name servers behind it may be dead
answer_truncated = the answer of { $server } is cut for UDP, and no whole one came over TCP
answer_in_fragments = { $server } answers in fragments, and only the first one is there
control_resolver = the same resolver { $server } resolves other names for this client
extended_dns_error = extended DNS error { $code } from { $server }{ $text }
policy_answer = an answer
policy_no_data = no data
policy_nxdomain = NXDOMAIN
policy_from_zone = { $what } from { $server } out of the zone { $zone }, { $why }
zone_not_of_name = in which the name does not lie
zone_additional = whose SOA record no zone sends in the additional section
zone_is_name = which is the very name that is said not to exist
answers_sinkhole = { $server } answers { $first }
servfail_from = SERVFAIL from { $server }
nxdomain_of_own_zone = NXDOMAIN from { $server }, as far as one can see in the words of the name's own zone
nxdomain_from = NXDOMAIN from { $server }
refused_from = REFUSED from { $server }
answers_alias = { $server } answers with the alias { $target }, without an address
no_address_of_own_zone = { $server } gives no address for it, as far as one can see in the words of its own zone
answers_other_names = { $server } answers with records of other names only
answers_without_address = { $server } answers without an address
with_ttls = , with TTL { $one } and { $two }
two_answers = one query to { $ip }, two answers that differ{ $ttls }

## judge/lookup_intent.rs

reached_with_suffix = what was reached is the name with a search suffix behind it
one_family_failed = { $words } ({ $tries } times) for one family of addresses, an address for the other, and nothing was opened to it
control_dual_stack = { $other } has an IPv6 address too, and this client goes there over IPv4 only
over_tcp_port_53 = TCP port 53: { $words }

## judge/nameless.rs

a_resolver = a resolver on no list
a_time_server = a time server on no list
a_log_collector = a log collector on no list
do_find_resolver = find out where the host has this resolver from (DHCP, its configuration, a program of its own); list it in the site file as a name server, or have the host ask the listed one
do_find_time_server = find out where the host has this time server from (DHCP, its configuration); list it in the site file, or have the host ask the listed one
do_find_log_sender = find out what sends log messages there; list the collector in the site file, or stop it
do_find_caller = find out who calls this host, and whether it is meant to be called
do_start_earlier = find the program; start the capture earlier so that its DNS lookup is seen

## judge/needs.rs

no_need_optional = optional
no_need_feature_off = of a feature or role that is off
no_need_region = of another region
no_need_role_unbound = of a role that the site file binds to nothing
no_need_not_valid = not valid at the time
no_need_undecided = of a feature that the site file says nothing of
no_need_stood_in = stood in for by others
no_need_forbids = that forbid what was not seen
no_need_hosts_silent = of hosts that sent nothing
no_need_not_shown = that samples, or this mirror, cannot show

## judge/other_address.rs

and_failed = , { $failed } of them did not get through
one_flow_not = 1 flow was
flows_not = { $all } flows were
same_card = the same card (MAC address) as { $known }, but in no role, so its { $flows } not audited{ $failed }: { $to }
do_add_to_roles = add it to the site file, to the roles of { $known }
name_and_port = { $name } port { $port }/{ $transport }

## judge/outcome.rs

outcome_blocked_confirmed = blocked confirmed
outcome_blocked_likely = blocked likely
outcome_failed_unattributed = failed unattributed
outcome_inconclusive = inconclusive
outcome_degraded = degraded
outcome_ok_after_retry = ok after retry
outcome_ok = ok
outcome_race_lost = race lost
outcome_unexpected = unexpected
outcome_unnamed = unnamed
outcome_out_of_scope = out of scope

## judge/requirement_verdict.rs

status_violated = violated
status_blocked = blocked
status_failed = failed
status_inconclusive = inconclusive
status_not_seen = not seen
status_satisfied = satisfied
status_not_active = not active
never_resolved = no host asked DNS for any of its names
asked_without_address = a host asked DNS for a name, and no address was seen
resolved_never_tried = a name was resolved, but no host went there
no_initiator = no host in the source role sent anything
never_tried = no host went there
closed_as_asked = closed as asked: who tried was refused, or got no answer
nothing_forbidden = nothing of what it forbids was seen
names_hidden = names are hidden, so whether a host went there cannot be told
asked_other_way = its name server was asked over TLS, QUIC or HTTPS instead
may_share_connection = may have gone over a connection to another name
only_samples = of hosts in the source role only samples of packets are there
not_carried = this mirror never carries it
off_document = off: document { $document } is not in force
off_no_destination = it has no destination
off_condition = off: needs { $why }
off_role_unbound = the site file binds no address or name to the role { $role }
off_no_names = off: names are known for { $regions } only, and no page prints those of the site's region
ended_on = ended on { $day }
begins_on = begins on { $day }

## judge/resolvers.rs

control_lacks_several = { $server } is silent to this client on names of { $list }, which others get

## judge/row_facts.rs

short_path = host reached, path not visible
short_http = host reached, but by HTTP in clear, and the page asks for an encrypted protocol
short_not_tls = host reached, but what was spoken is no TLS, and the page asks for an encrypted protocol
short_bind = host reached, but by a bind (a login to LDAP) in clear, and the page asks for STARTTLS before it

## judge/row_findings.rs

do_find_plain = find out what speaks there, and why in clear
entry_doubtful = the page lists it, but the entry is doubtful: { $why }
do_ask_name = ask the vendor whether the name is right, and who owns its domain
entry_differs = it differs from its siblings
twin_of_doubtful = on no list; the page prints { $listed } in its place, which is doubtful: { $why }

## judge/scope.rs

scope_no_host = neither end is a host of the site
scope_loopback = loopback: a host that talks to itself
scope_ignored = ignored by the site file
scope_ignored_as = ignored by the site file: { $about }
scope_proxy = to the declared proxy, in a form that hides what is behind it
scope_housekeeping = network housekeeping: { $what }
keep_lookups = lookups of names
keep_icmp = ICMP
keep_groups = group membership
keep_routing = routing and redundancy protocols
keep_addresses = address assignment
keep_discovery = name discovery on the link
keep_multicast = multicast or broadcast

## judge/silence.rs

excuse_translation = { $other } acknowledges just this SYN: an address translation that the answer passes by
excuse_backlog = this port of this address answered others in the same minute: a full backlog looks the same
control_refused_nearby = { $device } refuses { $count } others to this client in the same seconds, and devices say so only once a second
words_with_excuse = { $words } ({ $excuse })

## judge/source_ports.rs

from_source_port = from port { $port }: { $words }
ports_died_above = { $died } and above
ports_answered_up_to = up to { $answered }
ports_died_up_to = up to { $died }
ports_answered_above = { $answered } and above
control_source_ports = of { $answered } tries at this address and port the { $died } from ports { $dead } die, and the { $answered2 } from ports { $fine } are answered: a rule on the source port

## judge/trust.rs

grade_c_only = { $words } (grade C only: { $why })
one_tcp_connection = 1 TCP connection has
tcp_connections = { $flows } TCP connections have
clock_earlier = { $connections } packets earlier than the opening, by up to { $seconds } s
lossy_frames = { $lost } of { $frames } frames were lost by the capture
lossy_gaps = { $gaps } of { $tcp } TCP flows have gaps that the capture left
note_link_errors = { $link_errors } frames came with an error of the link, as the capture says
note_secrets = the capture holds { $secrets } blocks of secrets for decryption; they are not used
note_comment = a comment in the capture: { $comment }
filter_hides_dns = DNS cannot be judged, and what it leaves out is not missing
filter_leaves_out = what it leaves out is not missing
note_filter = captured with the filter { $filter }: { $hidden }
note_cloud_mirror = every packet came in one-way VXLAN or GENEVE, as mirrors of clouds send it: those leave out ARP, DHCP, NTP and instance metadata, so that their absence proves nothing
note_lossy = { $why }: what is not there proves nothing, so only what a device said counts as blocked
note_snaplen = { $cut_by_snaplen } frames were cut by a snaplen: names may be missing
note_midstream = { $midstream } TCP flows were under way when the capture began
note_untimed = { $untimed } of { $frames } frames have no time: retries, waiting and order cannot be judged
note_one_time = all { $frames } frames have one and the same time: retries, waiting and order cannot be judged
note_clock = { $why }: a clock was set back, or clocks of captures differ, so waiting and order prove nothing, and only what a device said counts as blocked
note_one_way = only one direction of every flow was captured: nothing can be called blocked
note_one_way_share = { $flows } % of the flows were heard in one direction only: the tap may miss a way
note_deaf_servers = only one direction was captured of all connections with { $named }: nothing can be said of these
note_nflog_times = { $count } packets of netfilter's log have no time of their own: theirs is that of the log's buffer, which is emptied once a second, so order and delays prove nothing there
least_to_most = { $least } to { $most }
note_samples = { $packets } packets are samples (sFlow), one of { $one_in } each: what is not among them is not missing, and none of them is called blocked
note_device_words = { $count } records of a device's log may be of several flows behind address translation: their words are taken for none
note_bound = a bound on { $what } cut evidence { $count } times

## judge/two_point.rs

points_nothing = no flow of the inner point was seen at the outer one: nothing can be concluded from the two
points_both = { $both } flows were seen at the inner and at the outer point
points_nothing_out = nothing of it came out at the outer point
points_came_out = it came out at the outer point, so what stopped it lies behind that
points_other_passed = 1 other flow passed both points: it was stopped between them
points_others_passed = { $passing } other flows passed both points: it was stopped between them
points_syn_ack_outer = the SYN-ACK was seen at the outer point only
points_said_inner = what the initiator said was seen at the inner point only
points_answer_outer = the server's answer was seen at the outer point only
points_rst_inner = the RST was seen at the inner point only

## judge/unexpected.rs

must_stay_closed = the page says that this must stay closed
do_close = close it, or tell the site file that it is meant to be open
server_and_miss = { $what }: { $message }
did_not_get_through = it did not get through: { $words }
opened_from_outside = opened from outside
dns_not_visible = it is { $dns }: what the host asks there is not visible
listed_on_port = on this port the pages list hosts in role { $listed }
clear_name_may_be_outer = the handshake has an encrypted part (ECH), so the name in clear may be an outer one only
old_name = an old DNS answer of another client gave this address for { $name }, which proves nothing
do_tell_names = tell the names with --dns-seed, look into the resolver's log, or switch hidden DNS off on the host for the test
hidden_by_start = it was opened before the capture began, and so its name was asked
hidden_by_way = its name is unknown because { $words } hides it ({ $to })
suspect_proxy = all connections of the host go there over TLS, as to a proxy: what is behind it is not visible
do_say_proxy = if it is the site's proxy, say addresses = ["{ $server }"] under [proxies] in the site file; else find the program
suspect_resolver = connections to names that nobody asked for in clear are opened while it is spoken to, as behind a resolver: what is asked there is not visible
do_say_resolver = if it is a resolver over HTTPS, say https-resolvers = ["{ $ip }"] under [dns] in the site file; else find the program
unproved_name = its certificate has the name { $name }, which proves nothing: no public authority signed it, or it has names of several owners
dns_contradicted = DNS gave this address for { $names }, but the handshake asks for another name
either_or = { $one }; or { $other }
nameless_and_unlisted = no name is known for it, and no requirement lists its address
gap_under_domain = under a domain that { $domain } lists names of, but itself on no list
listed_elsewhere = on no list that is in force; { $ids } lists it, for other hosts than this
on_no_list = on no list
assumed_port = the page states no port for it; { $ports } is our assumption
assumed_transport = the page states no transport for it; what we take for it is an assumption
do_find_real_aim = find out what the program really talks to; the address alone proves nothing
do_find_port = find out why this port is used; where the site moved it, say so under [ports] in the site file
do_find_path = find out what asks for this path; the page lists others of this host only
do_ask_ports = ask the vendor which ports the service uses; a requirement of your own can state them
do_give_role = give the host its role in the site file, or find out why it does this
do_switch_on = switch the feature, region or document on in the site file, or stop the traffic
do_update_host = bring the host's configuration up to date: the entry is no longer valid and may belong to others
do_ask_list = ask the vendor whether the list lacks it, before it is allowed
do_find_program = find the program; allow it by a requirement of your own, ignore it in the site file, or stop it

## judge/unread.rs

unread_one = 1 frame
unread_several = { $count } frames
unread_link_type = { $counted } of link type { $number } ({ $name }) were not read: capture on the interface itself (Ethernet), or convert them
unread_ethertype = { $counted } with the EtherType 0x{ $number } carry IP behind a header that is not known and were not read: let the tap or switch leave its header out
unread_header = { $counted } with a header of { $name } were not read ({ $form }): capture without it, or convert them
unread_sflow = { $datagrams } datagrams to { $collector } carry sFlow samples: samples prove no absence and no silence; capture all packets
unread_mirror = { $datagrams } datagrams to { $collector } carry mirrored frames in an encapsulation that is not known and were not opened: mirror with VXLAN, GENEVE, ERSPAN, GRE or TZSP, or capture where they come from

## judge/unseen.rs

never_on_port = { $message } on port { $port }
nor_alternative = { $message }, nor for any alternative of { $group }
resolved_not_opened = resolved, and nothing was opened to its addresses
both_used = { $about }: both { $list } were used
do_find_alternative = find out which of them is meant; some hosts may be configured otherwise
do_capture_longer = capture longer, or switch the feature off in the site file if it is not in use
do_see_answer = see what the resolver answers for it, and capture longer
do_see_before_tap = see whether something before the tap stops it, or the host keeps a connection from before
do_nothing = nothing: it is as the page asks
do_nothing_shared = nothing says that it is stopped: HTTP/2 and HTTP/3 serve several names over one connection
do_bind_role = bind the role in the site file
do_capture_all = capture all packets beside the samples
do_capture_on_host = capture on the host itself
do_bind_to_real = capture longer, or bind the role in the site file to what is really there

## report/build.rs

exit_nothing = nothing was audited
exit_in_part = audited only in part
exit_findings = findings
exit_unclear = required traffic ended inconclusive
exit_nothing_to_report = nothing to report
one_host = 1 host
several_hosts = { $count } hosts
row_blocked = stopped on the path for { $hosts }
row_failed = failed for { $hosts }; who did it cannot be told
row_violated = violated: what the page says must not be, is
row_hidden = a host speaks to its proxy in a form that hides what is behind it; nothing was seen of it
row_unclear = tried, but how it went cannot be told
row_by_certificate = reached by { $hosts }; the server's certificate alone tells its name
row_reached = reached by { $hosts }
row_off = not active: { $why }
no_input = no input could be read
fault_and_more = { $name }: { $fault } (and { $more } more)
frames_lost = { $name }: frames lost before they were captured: { $lost }
lost_interface = { $interface } by the interface
lost_kernel = { $kernel } by the kernel
lost_own = { $own } by pktaudit

## report/dns.rs

column_at = at
column_client = client
column_server = server
column_query = query
column_type = type
column_answer = answer
column_data = data
no_dns_answer = no answer

## report/flows.rs

column_start = start
column_initiator = initiator
column_responder = responder
column_app = app
column_state = state
column_bytes_out = bytes out
column_bytes_in = in
column_name = name
name_of_several = { $fqdn } ({ $source }, 1 of { $all })

## report/how_many.rs

count_1_attempt = 1 attempt
count_attempts = { $count } attempts
count_1_destination = 1 destination
count_destinations = { $count } destinations
count_1_dns_transaction = 1 DNS transaction
count_dns_transactions = { $count } DNS transactions
count_1_frame = 1 frame
count_frames = { $count } frames
count_1_input = 1 input
count_inputs = { $count } inputs
count_1_more_attempt = 1 more attempt
count_more_attempts = { $count } more attempts
count_1_more_packet = 1 more packet
count_more_packets = { $count } more packets
count_1_more_requirement = 1 more requirement
count_more_requirements = { $count } more requirements
count_1_requirement = 1 requirement
count_requirements = { $count } requirements
count_1_service = 1 service
count_services = { $count } services

## report/html/checklist.rs

title_requirements = Requirements
more_in_requirements_csv = { $more } more requirements are in requirements.csv.
more_off_in_csv = { $count } more are off at this site; requirements.csv says by which condition.
satisfied_of_all = { $satisfied } of { $all } satisfied
rows_of_no_service = requirements of no service
rows_of_service = requirements of { $service }
column_requirement = requirement
column_outcome = outcome
column_to = to
column_ports = ports
column_how_it_fared = how it fared
column_page = page
no_service_named = (no service named)
and_line = , line { $line }

## report/html/destinations.rs

unexpected_destinations_label = unexpected destinations
unexpected_destinations = Unexpected destinations
column_destination = destination
column_share = share
column_bytes = bytes
column_sent = sent
column_received = received
column_flows = flows
column_hosts = hosts
most_bytes = The { $most } with the most bytes; findings.csv has all.

## report/html/exchange.rs

said_in_packet = { $said } ({ $packet })
address_and_port = { $ip } port { $port }
packet_one_byte = , 1 byte
packet_bytes = , { $length } bytes
packet_and_bytes = { $what }{ $bytes }
packet_data = data
packet_icmp = { $family } type { $kind } code { $code }
packet_icmp_error = ICMP error
said_hello_without_name = ClientHello without a name
said_certificate = certificate by { $issuer }
said_alert_fatal = TLS alert { $description }, fatal
said_alert_warning = TLS alert { $description }, warning
said_request = HTTP request { $path }
said_status = HTTP status { $status }
said_block_page = block page
said_bind = bind in clear
said_quic_heard = QUIC goes on: the server was heard
said_quic_unfinished = QUIC: a handshake without an end
said_extended_error = { $text }, extended error { $code }

## report/html/findings.rs

title_findings = Findings
page_nothing_found = Nothing was found in what could be read.
more_findings = { $more } more findings are in findings.csv and report.json.
no_finding_matches = No finding matches.
search_findings_hint = search findings
search_findings = Search findings
lane_of = { $code } { $count }
link_to_finding = link to this finding
label_when = when
from_to = { $first } to { $last }
comment_in_frame = { $text } [frame { $frame }]
and_others = and { $more }
show_flows = show { $flows }
at_stage = at { $stage }
of_grade = grade { $grade }
evidence_by = { $words }, by { $by } [{ $code }, grade { $grade }: { $about }]
evidence_seen = { $words } [{ $code }, grade { $grade }: { $about }]
cite_line = line { $line }
cite_entries = entry { $entries }
packets_of_attempt = packets of an attempt
not_drawn = { $what } not drawn

## report/html/ladder.rs

packets_between = packets between { $initiator } and { $responder }
ladder_device = device { $device }
ladder_frame = frame { $number }
ladder_nothing_back = nothing came back

## report/html/mod.rs

search_flows = Search flows
search_flows_by = address, name, port, outcome; all words must match
filter_outcome = Outcome
every_outcome = every outcome
clear_filter = Clear
title_flows = Flows
flows_need_script = The table of flows needs the script of this page; flows.csv has the same rows.
flows_in_csv = The flows are in flows.csv.

## report/html/overview.rs

traffic_audit = Traffic audit
page_unclear = Required and tried, but how it went cannot be told: { $ids }
tile_findings = findings
requirements_by_outcome = requirements by outcome
active_satisfied = { $satisfied } of { $active } active requirements satisfied
standings_and = { $said }, { $count } { $status }
standings_and_off = { $said }; { $off } more are off at this site
title_trust = How far this can be trusted
page_in_part = Audited only in part: { $why }
no_site_on_page = No site file gives a role an address, so every private address was audited as every role.
frames_read = { $read } read = { $decoded } decoded + { $aside } set aside
heard_on_page = { $flows }, { $audited } audited; { $out } only from the initiator, { $back } only from the responder, { $midstream } under way at the start; { $dns }
label_cut = cut
cut_by_snaplen = { $frames } by a snaplen
label_bounded = bounded
cut_away = { $what }: { $count } cut away

## report/html/picture.rs

fate_blocked = blocked
fate_missing = missing
fate_unclear = unclear
fate_satisfied = satisfied
fate_not_needed = not needed
legend_bad = blocked, or seen though forbidden
legend_warn = failed, missing, or on no list
legend_good = as required
legend_dim = not needed now, or unclear
source_on_no_list = on no list
picture_label = who needs what, and how it fared
title_picture = Who needs what, and how it fared
more_services = { $services } more are under Requirements.
more_sources = { $more } more sources are not drawn.
any_host = any host
other_hosts = other hosts

## report/html/provenance.rs

tool_and_commit = { $tool } { $version }, commit { $commit }
exit_and_meaning = { $exit }: { $meaning }
table_inputs = inputs
table_documents = rule documents
title_provenance = Where this comes from
label_tool = tool
label_arguments = arguments
label_site_file = site file
label_exit_status = exit status
label_input = input
label_frames = frames
column_first = first
column_last = last
column_damage = damage
more_inputs = { $more } more inputs are in report.json.
column_rule_document = rule document
column_in_force = in force
column_taken_since = taken since
column_requirements = requirements
column_file = file
yes = yes
no = no

## report/html/texts.rs

page_language = Language
label_flow = flow
label_lasted = lasted
label_carries = carries
label_reason = reason
label_finding = finding
name_by_source = { $name }, by { $source }
bytes_in_packets = { $bytes } bytes in { $packets } packets
shown_of_all = { $shown } of { $all }
flows_only_in_csv = { $count } flows are only in flows.csv.
flows_of_finding = Flows of { $finding }; Clear shows all.
time_utc = { $time } UTC

## report/html/timeline.rs

tone_blocked = blocked
tone_warn = failed or unexpected
tone_dim = cannot be told, or not audited
timeline_label = timeline
timeline_about = flows by start and findings over time
title_timeline = Timeline
timeline_bars = Bars: flows by when they began.
timeline_lanes = Lanes: each finding, from its first to its last packet; a mark leads to it.
lane_and_more = { $code } { $count } (and { $more } more)

## report/human/absences.rs

column_document = document
column_service = service

## report/human/capture.rs

title_capture = The capture
label_note = note
label_rules = rules
no_loss = no loss was reported
lost_by_all = { $interface } by the interface, { $kernel } by the kernel, { $own } by pktaudit
frames_read_by_reason = { $read } read = { $decoded } decoded + { $aside } set aside{ $reasons }
count_and_reasons = { $count }{ $reasons }
copies_counted = { $count } sent again by a mirror port within a millisecond; only counted
label_copies = copies
rules_in_force = { $document_id }, { $count }, SHA-256 { $digest }; { $why }
rules_not_in_force = { $document_id }, { $count }, SHA-256 { $digest }, not in force; { $why }
heard_flows = { $flows }, { $audited } audited
heard_only_initiator = { $text }, { $count } heard only from the initiator
heard_only_responder = { $text }, { $count } heard only from the responder
heard_midstream = { $text }, { $count } under way at the start
heard_and_dns = { $text }; { $dns }
input_frames_and_period = { $path }: { $frames }, { $period }
input_frames = { $path }: { $frames }
and_so_many_more = and { $more } more
reasons_listed = {" "}({ $list })
more_reasons = {" "}({ $list }, { $more } more reasons)

## report/human/cards.rs

label_hosts = hosts
evidence_and_frames = { $words } [{ $code }] { $frames }
reached_until_clock = reached until { $clock }
cited_service = { $text }; { $service }
cited_page = { $text }; page { $page }
cited_table = { $text }; table { $table }
cited_row = { $text }; row { $row }
cited_line = { $text }, line { $line }
cited_entries = { $text }; entry { $entries }

## report/human/findings.rs

label_why = why
column_who = who
column_first_frame = first frame
heading_nothing_audited = Nothing was audited
heading_blocked = Stopped on the path
heading_failed = Failed, and who did it cannot be told
heading_forbidden = Must not be, and is
heading_name_contradicted = Asks for a name that is on no list, at the address of one that is
heading_other_application = Right destination, another application
heading_encrypted_hello = Perhaps tried in an encrypted hello
heading_encrypted_dns = DNS, but not in clear
heading_wrong_port = Right destination, wrong port
heading_wrong_path = Right destination, wrong path
heading_port_unstated = Right destination; the page states no port
heading_not_tls = Reached, but not with TLS
heading_doubtful_entry = Covered by an entry that is doubtful
heading_wrong_role = Right destination, but not for this host
heading_switched_off = Covered only by what is off at this site
heading_expired = Covered only by an entry that is not valid
heading_list_gap = Under a vendor's domain, but on no list
heading_hides_names = On no list, and seems to hide names
heading_unexpected_name = On no list
heading_other_address = Other addresses of audited hosts, in no role
heading_unnamed = Without a name, and the address is on no list
heading_both_alternatives = Two alternatives that exclude each other
heading_never_seen = Required, but never seen
heading_recovered = Stopped at first, reached later
heading_intercepted = Reached, but TLS is opened on the path
heading_degraded = Reached, but one way always fails, or all stall later
reason_and_ids = { $message } [{ $ids }]
column_group = group
label_means = means
more_with_v_or_formats = and { $more } more; -v shows them, --format json|csv has all
one_more_line = and 1 more line; -v prints a line for each, --format csv all findings
more_lines = and { $more } more lines; -v prints a line for each, --format csv all findings

## report/human/look.rs

frame_number = frame { $frames }
frame_numbers = frames { $frames }
frame_numbers_and_more = frames { $frames } and { $more } more

## report/human/mod.rs

of_site = site { $site }
inputs_frames_period = { $inputs }, { $frames }, { $period }
inputs_frames = { $inputs }, { $frames }
label_no_site = no site
no_site_in_terminal = no site file gives a role an address, so every private address was audited as every role; pktaudit site init writes a first one from this capture
unclear_required = required and tried, but how it went cannot be told: { $ids }
label_unclear = unclear
of_region = region { $regions }
as_of_day = as of { $day }
counted_blocked = blocked
counted_forbidden = forbidden
counted_failed = failed
counted_unexpected = unexpected
counted_intercepted = intercepted
counted_never_seen = never seen
counted_to_note = to note
required_not_judged = { $count } required could not be judged
all_seen_nothing_else = everything that has to be seen was seen, and nothing else is to be told
nothing_to_report = nothing to report
nothing_found = nothing found in what could be read
foot = pktaudit explain { $code } tells more of a code; --format json or csv has every row, --out DIR writes them all
period = { $day } { $time } to { $until } UTC ({ $lasted })
lasted_ms = { $ms } ms
lasted_s = { $seconds } s
lasted_min = { $minutes } min { $seconds } s
lasted_h = { $hours } h { $minutes } min
lasted_d = { $days } d { $hours } h
label_address = address
label_comment = comment
label_control = control
label_do = do
label_heard = heard
label_lost = lost
label_names = names
label_needed_by = needed by
label_seen = seen
label_verdict = verdict

## report/human/requirements.rs

column_off = off
label_no_need = no need

## report/view.rs

need_no_traffic = { $all } of { $of } need no traffic: { $parts }

## rules/candidate.rs

miss_port = wrong port: { $listed } is listed
miss_port_unstated = wrong port: { $listed } is listed (port not stated by the page)
miss_transport = wrong transport: { $listed } is listed
miss_transport_unstated = wrong transport: { $listed } is listed (transport not stated by the page)
miss_source = covered for { $wanted }, and this host is none
miss_destination = covered for { $wanted } only
miss_inactive = off: needs { $condition }
miss_region = for another region: { $listed }
miss_expired = expired: valid until { $until }
miss_not_yet = not yet valid: from { $from }
miss_path = wrong path: { $listed } is listed
miss_document = the document { $document } is not in force

## rules/fit.rs

chosen_named = --rules names it
chosen_by_site = the site file names it
chosen_fits_one = the capture has a name of its vendor
chosen_fits = the capture has { $names } of its names
chosen_default = no rules are named, and the capture fits no others

## source/input_record.rs

one_frame_set_back = 1 frame is earlier than one before in it, by up to { $seconds } s: its clock was set back, or several captures were joined
frames_set_back = { $frames } frames are earlier than one before in it, by up to { $seconds } s: its clock was set back, or several captures were joined

## wording/phrase.rs

list_pair = { $all }, { $next }
said_then = { $first }; { $next }
said_about = { $what }: { $detail }
one_and_other = { $one } and { $other }
list_and_more = { $list } and { $more } more
