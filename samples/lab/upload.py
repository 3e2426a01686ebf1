"""Sends a request larger than a small window, and waits so many seconds for the answer."""

import socket
import sys


def main():
    address, port, name, patience = sys.argv[1:]
    body = b"x" * 20_000
    head = f"POST /tmcss/ HTTP/1.1\r\nHost: {name}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((address, int(port)), timeout=float(patience)) as talk:
        try:
            talk.sendall(head.encode() + body)
            print(talk.recv(4096).split(b"\r\n")[0].decode())
        except OSError as error:
            print("upload:", error)


if __name__ == "__main__":
    main()
