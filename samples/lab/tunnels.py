"""A client that asks a proxy for tunnels over HTTP/2 in clear (RFC 9113 section 8.5), and speaks TLS in them.

tunnels.py PROXY:PORT CA NAME...: one connection, a stream for each name, one after another.
"""

import socket
import ssl
import sys

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset


class Tunnels:
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, int(port)), 5)
        self.socket.settimeout(6)
        # Its own check wants a path of CONNECT too, which RFC 9113 section 8.5 forbids.
        settings = H2Configuration(client_side=True, header_encoding="utf-8", validate_outbound_headers=False)
        self.http2 = H2Connection(settings)
        self.http2.initiate_connection()
        self.send()

    def send(self):
        self.socket.sendall(self.http2.data_to_send())

    def events(self):
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError("closed")
        events = self.http2.receive_data(received)
        for event in events:
            if isinstance(event, DataReceived):
                self.http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self.send()
        return events

    def open(self, name):
        """The stream of a tunnel, and the status that the proxy answers with."""
        stream = self.http2.get_next_available_stream_id()
        self.http2.send_headers(stream, [(":method", "CONNECT"), (":authority", f"{name}:443")])
        self.send()
        while True:
            for event in self.events():
                if isinstance(event, ResponseReceived) and event.stream_id == stream:
                    return stream, dict(event.headers)[":status"]
                if isinstance(event, StreamReset) and event.stream_id == stream:
                    return stream, f"reset {event.error_code}"

    def fetch(self, stream, name, trusted):
        """Says hello and asks for the page, inside."""
        inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=trusted)
        inside = context.wrap_bio(inward, outward, server_hostname=name)
        asked = False
        while True:
            try:
                if not asked:
                    inside.do_handshake()
                    inside.write(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
                    asked = True
                if inside.read(4096):
                    return "answered"
            except ssl.SSLWantReadError:
                pass
            if outward.pending:
                self.http2.send_data(stream, outward.read())
                self.send()
            for event in self.events():
                if isinstance(event, DataReceived) and event.stream_id == stream:
                    inward.write(event.data)
                if isinstance(event, (StreamEnded, StreamReset)) and event.stream_id == stream:
                    return "ended"


def main():
    proxy, trusted, *names = sys.argv[1:]
    tunnels = Tunnels(*proxy.rsplit(":", 1))
    for name in names:
        try:
            stream, status = tunnels.open(name)
            inside = tunnels.fetch(stream, name, trusted) if status == "200" else "nothing"
        except (ssl.SSLError, OSError) as error:
            status, inside = "no more", type(error).__name__
        print(f"{name}: {status}, inside {inside}", flush=True)
    tunnels.http2.close_connection()
    tunnels.send()
    tunnels.socket.close()


main()
