"""Joins a plain Ethernet interface to a trunk: frames get an 802.1Q tag on the way out and lose it on the way in."""

import select
import socket
import struct
import sys

ETH_P_ALL = 3
PACKET_OUTGOING = 4


def open_port(name):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    port.bind((name, 0))
    return port


def main():
    plain, trunk = open_port(sys.argv[1]), open_port(sys.argv[2])
    tag = struct.pack("!HH", 0x8100, int(sys.argv[3]))
    print("ready", flush=True)
    while True:
        for port in select.select([plain, trunk], [], [])[0]:
            frame, address = port.recvfrom(65535)
            if address[2] == PACKET_OUTGOING:
                continue
            if port is plain:
                trunk.send(frame[:12] + tag + frame[12:])
            else:
                # The kernel takes the tag off before it hands the frame over.
                plain.send(frame)


if __name__ == "__main__":
    main()
