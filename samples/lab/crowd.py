"""Opens several connections to one port, one after the other, and keeps them: so many, each with so much patience."""

import socket
import sys
import time


def main():
    address, port, many, patience = sys.argv[1:]
    crowd = []
    for _ in range(int(many)):
        talk = socket.socket()
        talk.setblocking(False)
        talk.connect_ex((address, int(port)))
        crowd.append(talk)
        time.sleep(0.1)
    time.sleep(float(patience))
    print(len(crowd), "were opened or tried")


if __name__ == "__main__":
    main()
