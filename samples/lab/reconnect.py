"""Asks one server several times over connections from one source port, each ended by a reset."""

import socket
import struct
import sys


def main():
    address, port, own, name, times = sys.argv[1:]
    for _ in range(int(times)):
        with socket.socket() as talk:
            talk.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            talk.bind(("", int(own)))
            talk.connect((address, int(port)))
            talk.sendall(f"GET /tmcss/ HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            print(f"port {own}:", talk.recv(4096).split(b"\r\n")[0].decode())


if __name__ == "__main__":
    main()
