#!/bin/sh
# h2 (hyper) 4.1.0, which several distributions ship, beside 4.4.1.
#
# Expected by most: a library of HTTP/2 opens tunnels as RFC 9113 section 8.5 says: CONNECT has :method and :authority, and
# MUST NOT have :scheme and :path.
# Seen: 4.1.0 wants a :path in every request, on both sides: a client cannot send a proper CONNECT, and a server takes one
# for a breach of the protocol and ends the whole connection with all its streams. Proxies and clients built on it only
# ever tunnel with each other. 4.4.1 takes it. (A CONNECT with :path in a capture may so be a tool's age, no attack.)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/check.py" <<'PYTHON'
import sys
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError

CONNECT = [(":method", "CONNECT"), (":authority", "a.example:443")]

def pair(**client):
    ends = H2Connection(H2Configuration(client_side=True, **client)), H2Connection(H2Configuration(client_side=False))
    ends[0].initiate_connection()
    ends[1].initiate_connection()
    ends[1].receive_data(ends[0].data_to_send())
    ends[0].receive_data(ends[1].data_to_send())
    ends[1].receive_data(ends[0].data_to_send())
    return ends

def told(work):
    try:
        return work()
    except ProtocolError as error:
        return f"ProtocolError: {error}"

client, _ = pair()
sent = told(lambda: client.send_headers(1, CONNECT) or "sent")
# The bytes themselves are what any other client sends.
client, server = pair(validate_outbound_headers=False)
client.send_headers(1, CONNECT)
taken = told(lambda: [type(event).__name__ for event in server.receive_data(client.data_to_send())])
print("client:", sent, "| server:", taken)
refused = "ProtocolError: Header block missing mandatory :path header"
wanted = {"4.1.0": (refused, refused), "4.4.1": ("sent", ["RequestReceived"])}[sys.argv[1]]
sys.exit((sent, taken) != wanted)
PYTHON
for version in 4.1.0 4.4.1; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" -q install "h2==$version"
    printf 'h2 %s: ' "$version"
    "$work/$version/bin/python" "$work/check.py" "$version"
done
