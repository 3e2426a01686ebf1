"""Connects to all addresses of a name at once, speaks TLS on the first that answers, and resets the others."""

import select
import socket
import ssl
import struct
import sys


def main():
    name, authority = sys.argv[1:]
    addresses = sorted({entry[4] for entry in socket.getaddrinfo(name, 443, socket.AF_INET, socket.SOCK_STREAM)})
    tries = []
    for address in addresses:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.setblocking(False)
        one.connect_ex(address)
        tries.append(one)
    winner = select.select([], tries, [], 5)[1][0]
    # The others have their SYN-ACKs by now, so that closing them sends RST.
    select.select([], [], [], 0.05)
    for one in tries:
        if one is not winner:
            one.close()
    winner.setblocking(True)
    with ssl.create_default_context(cafile=authority).wrap_socket(winner, server_hostname=name) as talk:
        talk.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        print(f"{len(tries)} tries, {talk.getpeername()[0]} won:", talk.recv(4096).split(b"\r\n")[0].decode())
        while talk.recv(4096):
            pass
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))


if __name__ == "__main__":
    main()
