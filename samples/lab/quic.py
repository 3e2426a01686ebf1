"""aioquic on both ends: DNS over QUIC (RFC 9250), and HTTP/3 with a client that moves.

    quic.py doq ADDRESS CERTIFICATE KEY          a resolver over QUIC that asks the one at ADDRESS in clear
    quic.py fetch NAME CA [PORT...]              HTTP/3 requests, each from another port of one connection
"""

import asyncio
import socket
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import StreamDataReceived

ADDRESS = ""


class Resolver(QuicConnectionProtocol):
    """Each stream holds one question and its answer, a length of 16 bits before each (RFC 9250 section 4.2)."""

    def quic_event_received(self, event):
        if isinstance(event, StreamDataReceived) and len(event.data) > 2:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asks:
                asks.settimeout(2)
                asks.sendto(event.data[2:], (ADDRESS, 53))
                answer = asks.recv(4096)
            answer = len(answer).to_bytes(2, "big") + answer
            self._quic.send_stream_data(event.stream_id, answer, end_stream=True)
            self.transmit()


class Client(QuicConnectionProtocol):
    """One request after the other."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = H3Connection(self._quic)
        self.done = None

    async def get(self, name):
        stream = self._quic.get_next_available_stream_id()
        head = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", name.encode()), (b":path", b"/")]
        self.http.send_headers(stream, head, end_stream=True)
        self.done = asyncio.get_running_loop().create_future()
        self.transmit()
        return await asyncio.wait_for(self.done, 4)

    def quic_event_received(self, event):
        for part in self.http.handle_event(event):
            last = isinstance(part, (HeadersReceived, DataReceived)) and part.stream_ended
            if last and self.done and not self.done.done():
                self.done.set_result(True)


async def resolve(address, certificate, key):
    global ADDRESS
    ADDRESS = address
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["doq"])
    configuration.load_cert_chain(certificate, key)
    await serve(address, 853, configuration=configuration, create_protocol=Resolver)
    await asyncio.Event().wait()


async def fetch(name, authority, ports):
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN)
    configuration.load_verify_locations(authority)
    async with connect(name, 443, configuration=configuration, create_protocol=Client) as client:
        print(await client.get(name))
        loop = asyncio.get_running_loop()
        for port in ports:
            # As behind a NAT that forgot the connection: the same ids from another port.
            await asyncio.sleep(1)
            asks = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            asks.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            asks.bind(("::", int(port)))
            await loop.create_datagram_endpoint(lambda: client, sock=asks)
            print(await client.get(name))


def main():
    what, *more = sys.argv[1:]
    if what == "doq":
        asyncio.run(resolve(*more))
    else:
        name, authority, *ports = more
        asyncio.run(fetch(name, authority, ports))


if __name__ == "__main__":
    main()
