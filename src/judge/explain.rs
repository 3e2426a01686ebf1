//! What each kind of evidence looks like on the wire, and what else looks the same.

use super::evidence::Code;

/// The long text of a code, for `explain`: what it looks like on the wire, and what else looks the same.
#[must_use]
pub const fn explain(code: Code) -> &'static str {
    match code {
        Code::DnsExtendedError => {
            "The answer carries an extended DNS error with code 4 (forged), 15 (blocked), 16 (censored), 17 (filtered) \
             or 18 (prohibited): the resolver itself says that policy made this answer. Resolvers and forwarders on \
             the way may strip such errors, so their absence proves nothing. dnsmasq says 15 of a name that nobody has, too, \
             where it undoes a provider's answer for it (bogus-nxdomain)."
        }
        Code::DnsSinkhole => {
            "A listed public name resolves to 0.0.0.0/8, 127.0.0.0/8, :: or ::1. Filtering resolvers do that. Private \
             addresses do not count: they may be private endpoints or split-horizon zones."
        }
        Code::DnsNxdomain => {
            "A listed exact name gets NXDOMAIN while the same resolver answers other names. A dead entry of the list \
             or a name of another region looks the same; where the answer has the SOA record of a zone above the name, as \
             that of the zone itself has, it counts as a failure only."
        }
        Code::DnsRefused => {
            "The resolver answers REFUSED. It may not serve this client or this zone; a filter is only one cause."
        }
        Code::DnsServfail => {
            "The resolver answers SERVFAIL. DNSSEC failures and unreachable name servers look the same as a filter."
        }
        Code::DnsPolicyZone => {
            "The name is denied (NXDOMAIN, or no data), or given an address, with the SOA record of a zone that the name does \
             not lie in, or one that its own zone could not have sent so: in the additional section, or owned by the very \
             name that is said not to exist. That is the mark of a response policy. Many resolvers leave the SOA out, so \
             its absence proves nothing."
        }
        Code::DnsNoData => {
            "NOERROR without an address of the family that was asked for, for every family that was asked for. Where one \
             family has an address nothing is said. With the SOA record of the name's own zone it is that zone's word; \
             without one, while other names of the vendor resolve, a policy is likely."
        }
        Code::DnsAlias => {
            "The answer holds an alias (CNAME, or HTTPS in alias mode) and no address, and no lookup of the target gave one. \
             Policies that send names to a page do that, and so do dead targets."
        }
        Code::DnsTruncated => {
            "The answer over UDP is marked as truncated, and no whole answer came over TCP. What was seen of TCP port 53 \
             says how sure it is that something stopped it: UDP and TCP are two ways."
        }
        Code::DnsFragments => {
            "Only first fragments of the answers are there, and the client asks again: it did not get the rest either. \
             Filters that drop later fragments, and paths that lose them, look the same."
        }
        Code::DnsInjected => {
            "One query, two answers with the same identifier and question that do not say the same. Where they came \
             with different TTLs or hop limits they left different machines: one was made on the path. Answers in \
             another order, and copies, do not count; neither does a second query."
        }
        Code::DnsNeverTried => {
            "A listed name was resolved, and until ten seconds before the capture's end or longer the client opened \
             nothing to the addresses. Prefetching, a connection that was open before, a proxy, or a filter between the \
             client and the tap look the same, so this never says more than that the requirement was not exercised."
        }
        Code::DnsSilent => {
            "Repeated queries get no answer while the same resolver answers others. The name servers of the zone may be dead, \
             so this is a failure only, unless the silence hits names of several owners which others get."
        }
        Code::SynSilent => {
            "The same SYN is sent again and again and nothing comes back: a filter that drops, a server that is down, \
             or a route that is missing. At least three SYNs over three seconds and a neighbour that works are wanted \
             before this is called likely blocked. It is not where the server's kernel opened other connections of this \
             port in the same minute that its program never answered, or some of this host in between: a full backlog \
             looks so. Where a device refuses others in the same seconds, that is the control: it says so only so often."
        }
        Code::SynAckLost => {
            "The SYN is answered with SYN-ACK, and neither side gets on: the client sends the SYN again as if nothing had \
             come, or the server its SYN-ACK. The way back is stopped behind the tap, or the client's own filter drops \
             it. A server that answers another address than it was asked from, and a client that is gone, look the same."
        }
        Code::ForeignAck => {
            "The SYN is answered with a bare ACK whose number belongs to another connection (RFC 9293 section 3.10.7.4): \
             the server still has an old connection of these two ports, and the client's RST, which would end it, does \
             not arrive. A stateful filter that swallows the RST does that; so does a server behind a broken balancer."
        }
        Code::ZeroWindow => {
            "The connection opens, and the responder's window is zero from then on to the end: whatever the client has to \
             say, it may not. A server whose program hangs does that, and a SYN proxy that cannot reach the server behind \
             it. A proxy that opens the window as soon as it has its server is no failure."
        }
        Code::SourcePort => {
            "SYNs of one host to one address and port die where they come from high ports, and are answered where they \
             come from low ones, or the other way round, three of each at least, and in turns, so that no outage explains \
             it. Hosts pick these ports by chance: a rule that stops some of them stops some of the connections."
        }
        Code::SynReset => {
            "RST answers the SYN. A closed port and a filter that rejects look the same."
        }
        Code::SynResetFast => {
            "RST answers the SYN with a TTL unlike that of this server's or its neighbours' other packets: it was made \
             nearer by. A load balancer in front can do that too."
        }
        Code::IcmpProhibited => {
            "ICMP type 3 code 9, 10 or 13, or ICMPv6 type 1 code 1, 5 or 6, quoting the attempt: administratively \
             prohibited. The sender of the ICMP message is the device that says no."
        }
        Code::IcmpPort => {
            "ICMP port unreachable quoting TCP: a host's own stack answers TCP with RST, so this is a packet filter's \
             reject."
        }
        Code::IcmpUnreachable => {
            "ICMP network or host unreachable, or time exceeded: routing or a host that is down, not policy."
        }
        Code::SynAckReset => {
            "The TCP handshake completes and RST or FIN follows before the server could have heard anything: access \
             lists of servers, scanners, cancelled attempts and SYN proxies do that as well as filters."
        }
        Code::PostAckSilent => {
            "The handshake completes, the client's data is sent again and again, and nothing answers it. A path MTU \
             black hole looks the same."
        }
        Code::TwoPoint => {
            "The capture has an inner and an outer point. A packet that enters at one and does not come out at the other, \
             while other flows do, was stopped between them. Flows are known again behind address translation by the \
             initial sequence number or the ClientHello's random. A second path beside the outer point looks the same."
        }
        Code::FirewallPf => {
            "A record of pflog(4) carries the action, the rule's number and the interface: the firewall itself says that \
             it dropped the packet. Rules without `log` leave no record, and mostly the first packet of a connection \
             alone does, so the silence of such a log is never taken for a drop."
        }
        Code::FirewallNetfilter => {
            "A record of netfilter's log carries the hook and the text that the rule's author gave the rule. A text with \
             a word such as drop, deny, reject or block is taken for what it says, if nothing answers the flow; other \
             texts say nothing. Whether the rule does what its author wrote is not in the record."
        }
        Code::HostXdp => {
            "The capture has the return code of an XDP program beside the packet: the capturing host dropped it before \
             its own network stack saw it."
        }
        Code::HostWindows => {
            "A trace of Windows marks packets that its own stack or filtering platform dropped; etl2pcapng writes the \
             mark beside the packet. Which component it was stands in the trace's interface."
        }
        Code::FirewallChain => {
            "`fw monitor` of Check Point writes each packet at up to four places: before and behind the inbound chain (i, I), \
             before and behind the outbound one (o, O). Seen at i and at no later place, or at o and not at O, while packets \
             of other flows of the same interface are there at both, it was dropped in between. Packets are known again by \
             their sequence number or payload, since addresses are translated on the way. Where frames were lost or \
             could not be read, in the last second of a file, and where one place alone was recorded, nothing is told."
        }
        Code::DeviceReset => {
            "`tcpdump -i 0.0:nnnp` on a BIG-IP writes a trailer behind each packet; behind a reset that it sends stands the cause \
             as text. A cause that speaks of a policy, a firewall, a denial or a rejection is a block (grade A). Others, such \
             as no pool member or an expired flow, tell that the BIG-IP itself ended it and not that it was meant to \
             (grade C). A reset that came in, or whose cause is one of the remote system, is the remote's own."
        }
        Code::DropFile => {
            "The file was given as one that holds nothing but what a device dropped (ASA asp-drop, the drop stage of \
             PAN-OS). Why it dropped them is not in the file."
        }
        Code::ResetInjected => {
            "The RST is unlike the server: its TTL differs from that of the SYN-ACK of the same connection (grade B), or \
             several RSTs come with different sequence numbers before the server said anything, or the server's own \
             data still arrives behind it at or after its sequence number (grade A). A load balancer in front can answer \
             with another TTL."
        }
        Code::FlightLost => {
            "The server answers the ClientHello, and the client never acknowledges a part of it however long both wait: \
             full-size segments are lost on the way to the client. A path MTU black hole does that, and so do filters."
        }
        Code::HandshakeSilent => {
            "The server's part of the handshake came, and what the client says to it is never answered. A filter that \
             decides by certificate does that, and so does a server that hangs; likely only where a small segment is \
             sent again and again, never acknowledged, and other names at the same address work."
        }
        Code::HandshakeCut => {
            "RST or FIN from the server's side after its hello and before both sides' last messages: filters that decide by \
             certificate do that, and servers that do not like the client."
        }
        Code::HandshakeLeft => {
            "The client ends the connection after the server's hello and never sends its last message: it does not like \
             the certificate, or gave up. Nothing says that anything on the path did it."
        }
        Code::HelloWithoutName => {
            "A ClientHello that names no server is answered with RST, FIN or nothing. Firewalls that inspect TLS drop such \
             hellos; servers that need a name refuse them too, so this is never more than a failure."
        }
        Code::PlainAnswer => {
            "An HTTP response in clear answers a ClientHello: a portal or a filter speaks in place of the server. Status \
             400 is what a web server without TLS says to a hello, so that alone is a failure only."
        }
        Code::HelloReset => {
            "A complete ClientHello is answered with RST. Where another name on the same address works, a filter that \
             reads names is the likely cause."
        }
        Code::HelloSilent => {
            "A complete ClientHello is never answered with data. Where another name on the same address works, a \
             filter that reads names is the likely cause."
        }
        Code::HelloFin => {
            "The server side closes right after the ClientHello: a filter, or a server that does not want this name."
        }
        Code::AlertServer => {
            "A TLS alert in clear comes before any ServerHello: handshake_failure, access_denied, protocol_version, \
             internal_error or unrecognized_name. Servers that are set up otherwise do that too."
        }
        Code::AlertClient => {
            "The client ends the handshake with bad_certificate, certificate_unknown or unknown_ca after the server's \
             flight: something on the path shows a certificate of its own, or the client's trust store is old."
        }
        Code::IssuerSubstituted => {
            "The certificate in clear (TLS 1.2 and before) is signed by an issuer that no public CA is, and that signs \
             for unrelated names in the same capture: something on the path opens TLS. A company's own CA that signs \
             for its own names does not count. In TLS 1.3 certificates are encrypted, so nothing can be said of it."
        }
        Code::RequestReset => "An HTTP request in clear is answered with RST.",
        Code::RequestFin => {
            "An HTTP request in clear is answered with FIN and with no byte: a server or a front that does not want it, or \
             whose own server is down. Never a block."
        }
        Code::HttpBlocked => {
            "The HTTP answer has status 451 or 511, or is a filter's block page: grade A where the product's own page names \
             its policy, B by its marks. A page whose maker calls itself by a name of the vendor's (Via) is the server's own."
        }
        Code::ProxyRefused => {
            "The proxy answers CONNECT with 403, with 407 that is never followed by 200, or a SOCKS request with a reply that \
             refuses. Grade A where it says that its rules did it (a page of its own, reply 2 of SOCKS 5)."
        }
        Code::ProxyFailed => {
            "The proxy answers CONNECT with 502, 503 or 504, or SOCKS with a reply of that sense: the destination cannot be \
             reached from the proxy."
        }
        Code::ProxySilent => {
            "The proxy acknowledges CONNECT, or a SOCKS request, and closes the connection or stays silent. It may still be \
             trying to get there itself, so this is no proof of a rule."
        }
        Code::UdpSilent => {
            "Requests of a protocol that answers (DNS, NTP) get no answer. Protocols that never answer, such as syslog, \
             do not count."
        }
        Code::UdpProhibited => "ICMP says administratively prohibited, quoting the datagram.",
        Code::UdpUnreachable => {
            "ICMP says that the port, host or network cannot be reached, quoting the datagram."
        }
        Code::QuicSilent => {
            "Three or more datagrams with QUIC Initial packets get no answer. A server without HTTP/3 looks the same, and \
             clients go on over TCP: where that works the way is degraded, not blocked."
        }
        Code::QuicHalf => {
            "The server answers a QUIC Initial, and what the client says then gets no answer for two seconds or more: \
             later datagrams are lost one way or the other. Clients with TCP go on there. Never a block."
        }
        Code::QuicBoth => {
            "QUIC Initial packets get no answer, and the TCP connection to the same name fails too; what is said of the \
             latter counts."
        }
        Code::QuicClosed => {
            "The server side closes the connection in an Initial packet with a TLS alert (RFC 9001 section 4.8): it refuses \
             the name or the versions. Version negotiation and Retry are normal and do not count."
        }
        Code::QuicIcmp => {
            "An ICMP error quotes a QUIC datagram. Administratively prohibited is a filter's word; port unreachable is \
             also what a host without HTTP/3 says."
        }
        Code::LateStop => {
            "After data had flowed, the responder's side resets the connection, or stops acknowledging what the initiator \
             sends. Idle timeouts of firewalls and load balancers, upload limits and content filters do that. It is told \
             beside the outcome and never makes a block."
        }
    }
}
