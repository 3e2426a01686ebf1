"""A TLS client that sends its hello, waits for the server's flight, and closes the connection without an answer."""

import socket
import ssl
import sys


def main():
    name = sys.argv[1]
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    with socket.create_connection((name, 443), timeout=9) as connection:
        connection.sendall(outgoing.read())
        print(f"{name}: {len(connection.recv(65536))} bytes of the server's flight")


if __name__ == "__main__":
    main()
