"""A server whose program hangs: with `never` it does not even accept; else it reads nothing, or only after so many
seconds, and then answers."""

import socket
import sys
import time


def main():
    address, port, *wakes = sys.argv[1:]
    with socket.socket() as waits:
        waits.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A buffer so small that a request of some kilobytes fills it.
        waits.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        waits.bind((address, int(port)))
        waits.listen(1)
        if wakes == ["never"]:
            time.sleep(3600)
        talk, _ = waits.accept()
        time.sleep(float(wakes[0]) if wakes else 3600)
        talk.settimeout(1)
        try:
            while talk.recv(65536):
                pass
        except TimeoutError:
            pass
        talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
        time.sleep(0.2)
        talk.close()


if __name__ == "__main__":
    main()
