"""Forgets a connection without a word to the server, and opens the next one from the same port."""

import socket
import ssl
import sys
import time

TCP_REPAIR = 19


def opened(own):
    talk = socket.socket()
    talk.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    talk.bind(("", own))
    return talk


def main():
    address, port, own, patience, *name = sys.argv[1:]
    first = opened(int(own))
    first.connect((address, int(port)))
    # As where the client's host lost its memory: a socket under repair closes in silence.
    first.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    first.close()
    time.sleep(0.5)
    second = opened(int(own))
    second.settimeout(float(patience))
    try:
        second.connect((address, int(port)))
        print("connected again")
        if name:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(second, server_hostname=name[0]) as talk:
                talk.sendall(f"GET / HTTP/1.1\r\nHost: {name[0]}\r\nConnection: close\r\n\r\n".encode())
                print(talk.recv(4096).split(b"\r\n")[0].decode())
    except OSError as error:
        print("second connection:", error)


if __name__ == "__main__":
    main()
