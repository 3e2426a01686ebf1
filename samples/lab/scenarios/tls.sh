# shellcheck shell=bash
# Filters on names, injected resets, interceptors, and servers that behave alike. Sourced by `record` and `verify`.

TRX_B=https://dsaas-en-b.trx.trendmicro.com/
TRX_F=https://dsaas-en-f.trx.trendmicro.com/

# HAProxy stands in the way of one address and closes what asks for one name.
scenario_blocked_after_hello_closed() {
  build_lab
  cat >"$STATE/haproxy.cfg" <<HAPROXY
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend names
  bind $PROXY:443
  tcp-request inspect-delay 2s
  tcp-request content reject if { req.ssl_sni -i dsaas-en-b.trx.trendmicro.com }
  tcp-request content accept if { req.ssl_hello_type 1 }
  default_backend vendor
backend vendor
  server vendor 203.0.113.41:443
HAPROXY
  spawn infra haproxy -db -f "$STATE/haproxy.cfg"
  wait_until listening infra t "$PROXY:443"
  instead 203.0.113.41 443 router "$PROXY" 443
  tap_on
  calls_and_then agent "$TRX_F" "$TRX_B"
  tap_off
}

holds_blocked_after_hello_closed() {
  expect 'FIN right after the hello' '>=' 1 'tcp.flags.fin==1 && ip.src==203.0.113.41 && tcp.seq==1'
  expect 'server hellos for the other name' = 1 'ip.src==203.0.113.41 && tls.handshake.type==2'
}

# The server's own host resets each request, whatever the name.
scenario_server_resets_requests() {
  build_lab
  server_match -p tcp -d 203.0.113.41 --dport 443 -m string --algo bm --hex-string '|160301|' -j REJECT --reject-with tcp-reset
  server_match -p tcp -d 203.0.113.40 --dport 80 -m string --algo bm --string 'GET /' -j REJECT --reject-with tcp-reset
  tap_on
  calls_and_then agent "$TRX_F" "$TRX_B" http://dsaas.icrc.trendmicro.com/tmcss/
  tap_off
}

holds_server_resets_requests() {
  expect "resets of hellos, with the server's TTL" = 2 'tcp.flags.reset==1 && ip.src==203.0.113.41 && ip.ttl==54'
  expect "resets of the request" = 1 'tcp.flags.reset==1 && ip.src==203.0.113.40 && ip.ttl==54'
  expect 'server hellos' = 0 'ip.src==203.0.113.41 && tls.handshake.type==2'
}

# Something beside the path resets the client; the server's answer comes all the same.
scenario_blocked_by_injected_reset() {
  WIRE=inet
  WIRE_OPTIONS=(--delay 15 --reset-name "$WEB_REPUTATION_NAME" 1 0 pass)
  build_lab
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_blocked_by_injected_reset() {
  expect 'resets with another TTL' = 1 "$FROM_WEB_REPUTATION && tcp.flags.reset==1 && ip.ttl==100"
  expect 'server hellos that come later' = 1 "$FROM_WEB_REPUTATION && tls.handshake.type==2 && ip.ttl==54 && tcp.time_relative>0.05"
}

# The same, with three resets that guess how far the server has come, and without the server.
scenario_blocked_by_reset_series() {
  WIRE=inet
  WIRE_OPTIONS=(--delay 15 --reset-name "$WEB_REPUTATION_NAME" 3 1460 drop)
  build_lab
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_blocked_by_reset_series() {
  expect 'resets with moving sequence numbers' = 3 "$FROM_WEB_REPUTATION && tcp.flags.reset==1 && (tcp.seq==1 || tcp.seq==1461 || tcp.seq==2921)"
  expect 'data of the server' = 0 "$FROM_WEB_REPUTATION && tcp.len>0"
}

# The client has enough and resets; what the server had sent by then still comes.
scenario_client_cancels() {
  WIRE=inet
  WIRE_OPTIONS=(--delay 15)
  build_lab
  seq 1 12000 >"$STATE/www/pattern/large.bin"
  tap_on
  calls_and_then agent "http://iaus.activeupdate.trendmicro.com/pattern/large.bin --max-filesize 1000"
  tap_off
}

holds_client_cancels() {
  expect 'resets of the client' '>=' 1 'tcp.flags.reset==1 && ip.src==10.20.0.10'
  expect 'resets of the server' = 0 'tcp.flags.reset==1 && ip.src==203.0.113.20'
  expect 'data of the server' '>=' 10 'ip.src==203.0.113.20 && tcp.len>0'
}

# intercept_all VERSION: all TLS of the LAN ends at the site's own server, which has a certificate for each name.
intercept_all() {
  local folder=$STATE/interceptor name
  make_site_ca
  mkdir -p "$folder"
  for name in app.deepsecurity.trendmicro.com agents.deepsecurity.trendmicro.com files.trendmicro.com "$WEB_REPUTATION_NAME" \
    ak5ih4ev105f2-ats.iot.us-east-1.amazonaws.com telemetry.example.net; do
    (CERTIFICATES=$SITE_CA && certificate "$name")
  done
  cat >"$folder/nginx.conf" <<NGINX
user root; daemon off; worker_processes 1; pid $folder/nginx.pid; error_log $folder/error.log;
events { worker_connections 64; }
http {
  access_log off; server_tokens off; default_type text/plain;
  client_body_temp_path $folder/body; proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi; uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi;
  ssl_certificate $SITE_CA/\$ssl_server_name.pem; ssl_certificate_key $SITE_CA/server.key; ssl_protocols $1;
  server { listen $PROXY:443 ssl; location / { return 200 "ok from \$host\\n"; } }
}
NGINX
  spawn infra nginx -c "$folder/nginx.conf"
  wait_until listening infra t "$PROXY:443"
  instead '{ 198.51.100.0/24, 203.0.113.0/24 }' 443 router "$PROXY" 443
}

# The agent was given the site's CA.
scenario_tls_inspected_trusted() {
  build_lab
  intercept_all TLSv1.2
  FETCH_OPTIONS=(--cacert "$SITE_CA/ca.pem")
  tap_on
  calls_and_then agent https://files.trendmicro.com/ "$WEB_REPUTATION" https://ak5ih4ev105f2-ats.iot.us-east-1.amazonaws.com/ \
    https://telemetry.example.net/
  tap_off
}

holds_tls_inspected_trusted() {
  expect "certificates of the site's CA, for unrelated names" = 7 'x509sat.uTF8String=="Corp inspection CA" && tls.handshake.type==11'
  expect 'alerts in clear' = 0 'tls.alert_message.desc!=0'
}

# The agent was not.
scenario_blocked_tls_inspected_all() {
  build_lab
  intercept_all TLSv1.2
  tap_on
  calls_and_then agent https://files.trendmicro.com/ "$WEB_REPUTATION" https://ak5ih4ev105f2-ats.iot.us-east-1.amazonaws.com/ \
    https://telemetry.example.net/
  tap_off
}

holds_blocked_tls_inspected_all() {
  expect "certificates of the site's CA, for unrelated names" = 7 'x509sat.uTF8String=="Corp inspection CA" && tls.handshake.type==11'
  expect 'alerts "unknown CA" of the agent' = 7 'tls.alert_message.desc==48 && ip.src==10.20.0.10'
}

# One service of the site itself has a certificate of the site's CA, as it should.
scenario_tls_own_ca() {
  RELAY_CA=site
  build_lab
  tap_on
  calls_and_then agent https://files.trendmicro.com/ "https://$RELAY:4122/www/pattern/vsapi.bin --insecure"
  tap_off
}

holds_tls_own_ca() {
  expect "certificates of the site's CA" = 1 'x509sat.uTF8String=="Corp inspection CA" && tls.handshake.type==11'
  expect 'of another CA' = 1 'x509sat.uTF8String=="Lab vendor CA" && tls.handshake.type==11'
}

# TLS 1.3 hides the certificate and the alert; their sizes and what follows are all there is.
scenario_blocked_tls13_inspected() {
  build_lab
  start_inspection "$WEB_REPUTATION_NAME" 203.0.113.42 -tls1_3
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  # OpenSSL sends this alert in clear; GnuTLS encrypts it.
  inside agent timeout 9 gnutls-cli --x509cafile "$CERTIFICATES/ca.pem" "$WEB_REPUTATION_NAME" </dev/null >/dev/null 2>&1 ||
    say 'agent: gnutls-cli gave up'
  heartbeat_later agent
  tap_off
}

holds_blocked_tls13_inspected() {
  expect 'server hellos' = 1 "$FROM_WEB_REPUTATION && tls.handshake.type==2"
  expect 'a record of the size of an alert, with ChangeCipherSpec or without' = 1 "$WEB_REPUTATION && tcp.len in {24,30}"
}

scenario_server_certificate_expired() {
  VENDOR_EXTRA="server { listen 203.0.113.42:443 ssl; ssl_protocols TLSv1.2; ssl_certificate $STATE/expired.pem; location / { return 200; } }"
  openssl req -new -key "$CERTIFICATES/server.key" -subj "/O=Packet lab/CN=$WEB_REPUTATION_NAME" 2>/dev/null |
    openssl x509 -req -days -1 -CA "$CERTIFICATES/ca.pem" -CAkey "$CERTIFICATES/ca.key" -CAcreateserial \
      -extfile <(printf 'subjectAltName=DNS:%s\n' "$WEB_REPUTATION_NAME") -out "$STATE/expired.pem" 2>/dev/null
  build_lab
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_server_certificate_expired() {
  expect 'alerts "certificate expired" of the agent' = 1 'tls.alert_message.desc==45 && ip.src==10.20.0.10'
}

# A portal answers whatever is said to it with the way to its login, in clear.
scenario_blocked_tls_plain_answer() {
  build_lab
  printf '#!/bin/sh\nhead -c 1 >/dev/null\nprintf "HTTP/1.1 302 Found\\r\\nLocation: http://portal.corp.example/login\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"\ncat >/dev/null\n' \
    >"$STATE/portal.sh"
  chmod 755 "$STATE/portal.sh"
  spawn infra socat "TCP-LISTEN:8443,bind=$PROXY,fork,reuseaddr" "EXEC:$STATE/portal.sh"
  wait_until listening infra t "$PROXY:8443"
  instead 203.0.113.42 443 router "$PROXY" 8443
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_blocked_tls_plain_answer() {
  expect 'HTTP in clear' '>=' 1 "$FROM_WEB_REPUTATION && frame contains \"HTTP/1.1 302\""
}

# The server was set up without TLS, and says that the hello is no request.
scenario_server_without_tls() {
  build_lab
  instead 203.0.113.42 443 inet 203.0.113.42 80
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_server_without_tls() {
  expect 'HTTP in clear' '>=' 1 "$FROM_WEB_REPUTATION && frame contains \"HTTP/1.1 400\""
}

# The client itself speaks HTTP to the TLS port.
scenario_http_to_tls_port() {
  build_lab
  tap_on
  calls_and_then agent http://dsaas.url.trendmicro.com:443/
  tap_off
}

holds_http_to_tls_port() {
  expect 'HTTP in clear, both ways' = 2 'ip.addr==203.0.113.42 && tcp.len>0 && frame contains "HTTP/1.1"'
}

# A firewall that decides on names drops hellos that name nothing.
scenario_blocked_hello_without_name() {
  WIRE=inet
  WIRE_OPTIONS=(--drop-nameless 203.0.113.42)
  build_lab
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent dig +short "@$DNS" "$WEB_REPUTATION_NAME" A | sed 's/^/  agent: dig: /'
  inside agent timeout 9 openssl s_client -connect 203.0.113.42:443 -noservername -CAfile "$CERTIFICATES/ca.pem" -brief \
    </dev/null >/dev/null 2>&1 || say 'agent: s_client gave up'
  heartbeat_later agent
  tap_off
}

holds_blocked_hello_without_name() {
  expect 'hellos, again and again' '>=' 3 "$WEB_REPUTATION && tcp.len>0"
  expect 'names in them' = 0 "$WEB_REPUTATION && tls.handshake.extensions_server_name"
  expect 'data of the server' = 0 "$FROM_WEB_REPUTATION && tcp.len>0"
}

# The server warns that it does not know the name, and goes on.
scenario_server_warns() {
  build_lab
  spawn inet openssl s_server -quiet -www -tls1_2 -accept 203.0.113.42:8444 -cert "$CERTIFICATES/$WEB_REPUTATION_NAME.pem" \
    -key "$CERTIFICATES/server.key" -servername other.lab.example -cert2 "$CERTIFICATES/default.lab.example.pem" \
    -key2 "$CERTIFICATES/server.key"
  wait_until listening inet t 203.0.113.42:8444
  instead 203.0.113.42 443 inet 203.0.113.42 8444
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_server_warns() {
  expect 'warnings "unrecognized name"' = 1 "$FROM_WEB_REPUTATION && tls.alert_message.level==1 && tls.alert_message.desc==112"
  expect 'server hellos' = 1 "$FROM_WEB_REPUTATION && tls.handshake.type==2"
}

# The server takes its time, and the client does not wait for it.
scenario_hello_given_up() {
  build_lab
  spawn inet socat -u TCP-LISTEN:8445,bind=203.0.113.42,fork,reuseaddr SYSTEM:'sleep 20'
  wait_until listening inet t 203.0.113.42:8445
  instead 203.0.113.42 443 inet 203.0.113.42 8445
  tap_on
  calls_and_then agent "$WEB_REPUTATION --max-time 1.5"
  tap_off
}

holds_hello_given_up() {
  expect 'hellos' = 1 "$WEB_REPUTATION && tls.handshake.type==1"
  expect 'the client closes first' '>=' 1 "$WEB_REPUTATION && tcp.flags.fin==1"
  expect 'data of the server' = 0 "$FROM_WEB_REPUTATION && tcp.len>0"
}

# After data had flowed.

scenario_stopped_late_reset() {
  WIRE=inet
  WIRE_OPTIONS=(--delay 5 --cut-after 203.0.113.20 6000 reset)
  build_lab
  tap_on
  calls_and_then agent http://iaus.activeupdate.trendmicro.com/pattern/vsapi.bin
  tap_off
}

holds_stopped_late_reset() {
  expect 'data of the server' '>=' 3 'ip.src==203.0.113.20 && tcp.len>0'
  expect 'resets after it' '>=' 1 'ip.src==203.0.113.20 && tcp.flags.reset==1'
}

# The same while the client sends, on a connection that was of use before.
scenario_stopped_late_upload() {
  WIRE=inet
  WIRE_OPTIONS=(--delay 5 --cut-after 203.0.113.40 6000 stall)
  build_lab
  seq 1 3000 >"$STATE/upload"
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$SMART_SCAN_HTTP" "$SMART_SCAN_HTTP" --next -sS -o /dev/null --max-time 13 --data-binary "@$STATE/upload" -H Expect:
  heartbeat_later agent
  tap_off
}

holds_stopped_late_upload() {
  expect 'answers' = 1 'ip.src==203.0.113.40 && tcp.len>0'
  expect 'data that is sent again' '>=' 3 'ip.dst==203.0.113.40 && tcp.analysis.retransmission && tcp.len>0'
}

scenario_stopped_late_stall() {
  WIRE=inet
  WIRE_OPTIONS=(--delay 5 --cut-after 203.0.113.20 6000 stall)
  build_lab
  tap_on
  calls_and_then agent http://iaus.activeupdate.trendmicro.com/pattern/vsapi.bin
  tap_off
}

holds_stopped_late_stall() {
  expect 'data of the server' '>=' 3 'ip.src==203.0.113.20 && tcp.len>0'
  expect 'an end of it' = 0 'ip.src==203.0.113.20 && (tcp.flags.fin==1 || tcp.flags.reset==1)'
}

# A browser's hello: two segments, extensions in any order, ECH GREASE.
scenario_hello_of_a_browser() {
  build_lab
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent /usr/bin/python3 "$HERE/browse.py" "$CERTIFICATES/ca.pem" "$WEB_REPUTATION" | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

holds_hello_of_a_browser() {
  expect 'hellos with ECH' = 1 "tls.handshake.extensions_server_name==\"$NAME\" && tls.handshake.extension.type==65037"
  expect 'server hellos' = 1 "$FROM_WEB_REPUTATION && tls.handshake.type==2"
}

# The same with a true encrypted hello, for a server that cannot read it: the name on the wire is only the outer one.
scenario_hello_encrypted() {
  build_lab
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent /usr/bin/python3 "$HERE/browse.py" "$CERTIFICATES/ca.pem" "$WEB_REPUTATION" "$(ech_list telemetry.example.net)" |
    sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

# ech_list OUTER-NAME: an ECHConfigList (RFC 9849) with a key of nobody's, in base64.
ech_list() {
  local key
  key=$(openssl genpkey -algorithm X25519 | openssl pkey -pubout -outform DER | tail -c 32 | base64)
  /usr/bin/python3 - "$1" "$key" <<'PYTHON'
import base64, struct, sys

name, key = sys.argv[1].encode(), base64.b64decode(sys.argv[2])
contents = struct.pack("!BHH", 7, 0x0020, len(key)) + key + struct.pack("!HHH", 4, 1, 1)
contents += bytes([64, len(name)]) + name + struct.pack("!H", 0)
config = struct.pack("!HH", 0xFE0D, len(contents)) + contents
print(base64.b64encode(struct.pack("!H", len(config)) + config).decode())
PYTHON
}

holds_hello_encrypted() {
  expect 'hellos with the outer name and ECH' = 1 'tls.handshake.extensions_server_name=="telemetry.example.net" && tls.handshake.extension.type==65037'
  expect 'the inner name in a hello' = 0 "tls.handshake.extensions_server_name==\"$NAME\""
}
