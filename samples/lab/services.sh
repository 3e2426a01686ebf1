# shellcheck shell=bash
# The lab's servers. Sourced by `record`.

# One throw-away CA for the whole run; each name that is asked for has a certificate of its own.
make_certificates() {
  CERTIFICATES=$STATE/certificates
  mkdir -p "$CERTIFICATES"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj '/O=Packet lab/CN=Lab vendor CA' -keyout "$CERTIFICATES/ca.key" -out "$CERTIFICATES/ca.pem" 2>/dev/null
  openssl ecparam -name prime256v1 -genkey -noout -out "$CERTIFICATES/server.key"
  local kind name value
  while read -r kind name value; do
    [[ $kind == a || $kind == cname ]] && certificate "$name"
  done <"$HERE/names.txt"
  certificate default.lab.example
  certificate relay.lab.example
}

certificate() { # NAME
  openssl req -new -key "$CERTIFICATES/server.key" -subj "/O=Packet lab/CN=${1:0:60}" 2>/dev/null |
    openssl x509 -req -days 3650 -CA "$CERTIFICATES/ca.pem" -CAkey "$CERTIFICATES/ca.key" -CAcreateserial \
      -extfile <(printf 'subjectAltName=DNS:%s\n' "$1") -out "$CERTIFICATES/$1.pem" 2>/dev/null
}

# Clients find the lab's resolver through files that `ip netns exec` lays over /etc.
write_resolver_files() {
  local space
  for space in agent relay infra; do
    mkdir -p "/etc/netns/$PREFIX-$space"
    printf 'nameserver %s\n%s\n' "$DNS" "${RESOLVER_OPTIONS:-options timeout:2 attempts:3}" \
      >"/etc/netns/$PREFIX-$space/resolv.conf"
    printf '127.0.0.1 localhost\n' >"/etc/netns/$PREFIX-$space/hosts"
    printf 'hosts: files dns\n' >"/etc/netns/$PREFIX-$space/nsswitch.conf"
  done
}

# DNS_WITHOUT is a name that the resolver shall not know; DNS_EXTRA is more of dnsmasq's own configuration;
# DNS_HOSTS is more lines of "address name"; DNS_PORT moves it aside for another resolver in front.
start_dns() {
  local hosts=$STATE/dns-hosts kind name value
  {
    printf '%s\n' "listen-address=$DNS" "port=${DNS_PORT:-53}" bind-interfaces no-resolv no-hosts keep-in-foreground user=root \
      pid-file= local-ttl=60 edns-packet-max=4096 addn-hosts="$hosts"
    printf 'local=/%s/\n' trendmicro.com amazonaws.com cdn.example example.net corp.example
    while read -r kind name value; do
      [[ $kind == cname ]] && printf 'cname=%s,%s\n' "$name" "$value"
    done <"$HERE/names.txt"
    printf '%s\n' "${DNS_EXTRA:-}"
  } >"$STATE/dnsmasq.conf"
  while read -r kind name value; do
    [[ $name != "${DNS_WITHOUT:-}" ]] || continue
    [[ $kind == a || ($kind == aaaa && ${DUAL_STACK:-no} == yes) ]] && printf '%s %s\n' "$value" "$name"
  done <"$HERE/names.txt" >"$hosts"
  printf '%s' "${DNS_HOSTS:-}" >>"$hosts"
  spawn infra dnsmasq -C "$STATE/dnsmasq.conf"
  wait_until listening infra u "$DNS:${DNS_PORT:-53}"
}

# A resolver with a policy in front of the other: it turns answers with this address into NXDOMAIN, and says in an
# extended error (RFC 8914) that they are blocked.
start_policy_dns() { # ADDRESS
  printf '%s\n' "listen-address=$DNS" bind-interfaces no-resolv no-hosts keep-in-foreground user=root pid-file= \
    "server=$DNS#$DNS_PORT" "bogus-nxdomain=$1" >"$STATE/policy-dns.conf"
  spawn infra dnsmasq -C "$STATE/policy-dns.conf"
  wait_until listening infra u "$DNS:53"
}

start_foreign_dns() {
  sed -e "s/$DNS/$FOREIGN_DNS/" "$STATE/dnsmasq.conf" >"$STATE/foreign-dns.conf"
  spawn inet dnsmasq -C "$STATE/foreign-dns.conf"
  wait_until listening inet u "$FOREIGN_DNS:53"
}

start_ntp() {
  printf '%s\n' "bindaddress $NTP" 'local stratum 8' 'allow all' 'cmdport 0' 'bindcmdaddress /' \
    "pidfile $STATE/chronyd-$NTP.pid" >"$STATE/chronyd-$NTP.conf"
  spawn infra chronyd -d -x -u root -f "$STATE/chronyd-$NTP.conf"
  wait_until listening infra u "$NTP:123"
}

start_syslog() {
  spawn infra socat -u "UDP-RECV:514,bind=$SYSLOG" "CREATE:$STATE/syslog.txt"
  wait_until listening infra u "$SYSLOG:514"
}

# The vendor's side: all names on 443 and 80, one unlisted port, and TLS 1.2 only for the Download Center.
start_vendor() {
  mkdir -p "$STATE/www/pattern"
  seq 1 2500 >"$STATE/www/pattern/vsapi.bin"
  local ipv6=''
  [[ ${DUAL_STACK:-no} != yes ]] || ipv6='listen [::]:443 ssl; listen [::]:80;'
  cat >"$STATE/nginx.conf" <<NGINX
user root; daemon off; worker_processes 1; pid $STATE/nginx.pid; error_log $STATE/nginx-error.log;
events { worker_connections 256; }
http {
  access_log off; server_tokens off; default_type application/octet-stream; root $STATE/www;
  client_body_temp_path $STATE/nginx-body; proxy_temp_path $STATE/nginx-proxy;
  fastcgi_temp_path $STATE/nginx-fastcgi; uwsgi_temp_path $STATE/nginx-uwsgi; scgi_temp_path $STATE/nginx-scgi;
  map \$ssl_server_name \$certificate_name { default \$ssl_server_name; "" default.lab.example; }
  ssl_certificate $CERTIFICATES/\$certificate_name.pem; ssl_certificate_key $CERTIFICATES/server.key;
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets off;
  server {
    listen 443 ssl default_server; listen 80 default_server; listen 8443 ssl; $ipv6
    location / { return 200 "ok from \$host\\n"; }
    location /pattern/ { }
  }
  server {
    listen 203.0.113.10:443 ssl; listen 203.0.113.10:80;
    ssl_protocols TLSv1.2;
    location / { return 200 "ok from \$host\\n"; }
    location /pattern/ { }
  }
  ${VENDOR_EXTRA:-}
}
NGINX
  spawn inet nginx -c "$STATE/nginx.conf"
  wait_until listening inet t 0.0.0.0:443
}

# The path's own TLS end: it answers for a vendor's name with a certificate of the site's own CA.
start_inspection() { # NAME ADDRESS [VERSION OPTION]
  make_site_ca
  (CERTIFICATES=$SITE_CA && certificate "$1")
  spawn infra openssl s_server -quiet -www "${3:--tls1_2}" -accept "$PROXY:443" -cert "$SITE_CA/$1.pem" \
    -cert_chain "$SITE_CA/ca.pem" -key "$SITE_CA/server.key"
  wait_until listening infra t "$PROXY:443"
  instead "$2" 443 router "$PROXY" 443
}

# start_block_page STATUS [NAME]: the site's own web server, which says that access is denied; over TLS too where it has
# a certificate of the site's own CA for a name.
start_block_page() {
  local status=$1 folder=$STATE/block-page tls=''
  mkdir -p "$folder"
  if [[ -n ${2:-} ]]; then
    make_site_ca
    (CERTIFICATES=$SITE_CA && certificate "$2")
    tls="listen $SITE_WEB:443 ssl; ssl_certificate $SITE_CA/$2.pem; ssl_certificate_key $SITE_CA/server.key;"
  fi
  cat >"$folder/nginx.conf" <<NGINX
user root; daemon off; worker_processes 1; pid $folder/nginx.pid; error_log $folder/error.log;
events { worker_connections 64; }
http {
  access_log off; server_tokens off; default_type text/html;
  client_body_temp_path $folder/body; proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi; uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi;
  server {
    listen $SITE_WEB:80; $tls
    location / { return $status '<html><head><title>Access denied</title></head><body><h1>Access to this web site is blocked</h1>
<p>The URL you requested has been blocked by the policy of your organization. Category: unrated.</p></body></html>'; }
  }
}
NGINX
  spawn infra nginx -c "$folder/nginx.conf"
  wait_until listening infra t "$SITE_WEB:80"
}

# The CA of the site itself, once per lab.
make_site_ca() {
  SITE_CA=$STATE/site-ca
  [[ ! -e $SITE_CA/ca.pem ]] || return 0
  mkdir -p "$SITE_CA"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/O=Corp/CN=Corp inspection CA' \
    -keyout "$SITE_CA/ca.key" -out "$SITE_CA/ca.pem" 2>/dev/null
  cp "$CERTIFICATES/server.key" "$SITE_CA"
}

# The relay's certificate is of the vendor's CA, or with RELAY_CA=site of the site's own and readable (TLS 1.2).
start_relay() {
  local folder=$CERTIFICATES options=()
  if [[ ${RELAY_CA:-} == site ]]; then
    make_site_ca
    (CERTIFICATES=$SITE_CA && certificate relay.lab.example)
    folder=$SITE_CA options=(-tls1_2)
  fi
  spawn relay openssl s_server -quiet -WWW -accept "$RELAY:4122" \
    -cert "$folder/relay.lab.example.pem" -key "$CERTIFICATES/server.key" "${options[@]}"
  wait_until listening relay t "$RELAY:4122"
}

# The agent's own port, for the mode in which the manager calls the agent.
start_agent_port() {
  spawn agent openssl s_server -quiet -www -accept "$AGENT:4118" \
    -cert "$CERTIFICATES/default.lab.example.pem" -key "$CERTIFICATES/server.key"
  wait_until listening agent t "$AGENT:4118"
}

# start_proxy [LINE...]: squid, with more lines of its configuration before the last rule.
start_proxy() {
  mkdir -p "$STATE/squid"
  {
    printf '%s\n' "http_port $PROXY:3128" "pid_filename $STATE/squid/pid" "cache_log $STATE/squid/cache.log" \
      'access_log none' "coredump_dir $STATE/squid" 'cache deny all' 'cache_mem 8 MB' 'pinger_enable off' \
      "dns_nameservers $DNS" "tcp_outgoing_address $PROXY" 'visible_hostname proxy.lab.example' \
      'max_filedescriptors 1024' 'shutdown_lifetime 0 seconds' 'httpd_suppress_version_string on' "$@" \
      'http_access allow all'
  } >"$STATE/squid/squid.conf"
  chmod 777 "$STATE/squid"
  spawn infra squid -N -f "$STATE/squid/squid.conf"
  wait_until listening infra t "$PROXY:3128"
}

build_lab() {
  build_topology
  write_resolver_files
  start_dns
  start_ntp
  start_syslog
  start_vendor
  start_relay
}
