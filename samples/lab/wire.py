"""A long wire with a device on it: joins two Ethernet interfaces, delays and loses frames, and meddles as told.

The near side is the clients', the far side the servers'. Every frame that passes is the sender's own; what a device
adds carries the addresses that it pretends to, as on a real path.
"""

import argparse
import heapq
import random
import select
import socket
import struct
import time

ETH_P_ALL = 3
PACKET_OUTGOING = 4
NEAR, FAR = 0, 1
SYN, RST, ACK = 0x02, 0x04, 0x10


def main():
    asked = arguments()
    ports = [open_port(asked.near), open_port(asked.far)]
    devices = [device for device in (make(asked) for make in DEVICES) if device]
    chance = random.Random(asked.seed)
    waiting, order = [], 0
    print("ready", flush=True)
    while True:
        patience = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for port in select.select(ports, [], [], patience)[0]:
            frame, address = port.recvfrom(65535)
            if address[2] == PACKET_OUTGOING:
                continue
            side = ports.index(port)
            now = time.monotonic()
            packet = Packet.of(frame)
            passes = not (packet and chance.random() * 100 < asked.loss)
            for device in devices if packet else []:
                verdict, made = device(side, packet)
                passes = passes and verdict
                for towards, wait, forged in made:
                    order += 1
                    heapq.heappush(waiting, (now + wait / 1000, order, towards, forged))
            if passes:
                order += 1
                heapq.heappush(waiting, (now + asked.delay / 1000, order, 1 - side, frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, towards, frame = heapq.heappop(waiting)
            ports[towards].send(frame)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("near")
    parser.add_argument("far")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds, each way")
    parser.add_argument("--loss", type=float, default=0, help="percent of IP packets, each way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--forge-dns", nargs=3, metavar=("NAME", "ADDRESS", "TTL"))
    parser.add_argument("--reset-name", nargs=4, metavar=("NAME", "COUNT", "STEP", "pass|drop"))
    parser.add_argument("--drop-nameless", metavar="ADDRESS", help="hellos without a name to this address")
    parser.add_argument("--cut-after", nargs=3, metavar=("ADDRESS", "BYTES", "reset|stall"))
    parser.add_argument("--forge-icmp", metavar="ADDRESS", help="answer SYNs with ICMP that quotes another sequence number")
    return parser.parse_args()


def open_port(name):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    port.bind((name, 0))
    return port


class Packet:
    """An IPv4 packet with TCP or UDP in an Ethernet frame."""

    @classmethod
    def of(cls, frame):
        if len(frame) < 34 or frame[12:14] != b"\x08\x00":
            return None
        return cls(frame)

    def __init__(self, frame):
        self.ethernet, self.ip = frame[:14], frame[14:]
        header = (self.ip[0] & 15) * 4
        length = struct.unpack("!H", self.ip[2:4])[0]
        self.protocol, self.source, self.destination = self.ip[9], self.ip[12:16], self.ip[16:20]
        body = self.ip[header:length]
        self.ports, self.payload, self.flags = (0, 0), b"", 0
        if self.protocol == 6 and len(body) >= 20:
            self.ports = struct.unpack("!HH", body[:4])
            self.sequence, self.acknowledged = struct.unpack("!II", body[4:12])
            self.flags = body[13]
            self.payload = body[(body[12] >> 4) * 4 :]
        elif self.protocol == 17 and len(body) >= 8:
            self.ports = struct.unpack("!HH", body[:4])
            self.payload = body[8:]

    def goes_to(self, address):
        return self.destination == socket.inet_aton(address)

    def answer(self, protocol, body, ttl, source=None):
        """A frame back to the sender, as if from where this packet went."""
        return self.frame(protocol, body, ttl, source or self.destination, self.source, back=True)

    def frame(self, protocol, body, ttl, source, destination, back):
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, ttl, protocol, 0) + source + destination
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        ends = self.ethernet[6:12] + self.ethernet[:6] if back else self.ethernet[:12]
        return ends + self.ethernet[12:14] + header + body

    def tcp(self, ports, sequence, acknowledged, flags, ttl, source, destination, back):
        body = struct.pack("!HHIIBBHHH", *ports, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, 0x50, flags, 0, 0, 0)
        pseudo = source + destination + struct.pack("!BBH", 0, 6, len(body))
        body = body[:16] + struct.pack("!H", checksum(pseudo + body)) + body[18:]
        return self.frame(6, body, ttl, source, destination, back)

    def reset_back(self, sequence, ttl, flags=RST | ACK):
        """A reset to this packet's sender, as if from where it went."""
        return self.tcp(
            self.ports[::-1], sequence, self.sequence + len(self.payload), flags, ttl, self.destination, self.source, True
        )

    def reset_on(self, ttl):
        """A reset to where this packet goes, as if from its sender."""
        return self.tcp(self.ports, self.sequence, 0, RST, ttl, self.source, self.destination, False)


def dns_forger(asked):
    """Answers queries for a name before the resolver does; the query still reaches the resolver."""
    if not asked.forge_dns:
        return None
    name, address, ttl = asked.forge_dns
    wanted = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\x00\x00\x01"

    def device(side, packet):
        if side != NEAR or packet.protocol != 17 or packet.ports[1] != 53 or packet.payload[12 : 12 + len(wanted)] != wanted:
            return True, []
        question = packet.payload[12 : 12 + len(wanted) + 2]
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + socket.inet_aton(address)
        message = packet.payload[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + question + record
        body = struct.pack("!HHHH", packet.ports[1], packet.ports[0], 8 + len(message), 0) + message
        return True, [(NEAR, 0, packet.answer(17, body, int(ttl)))]

    return device


def name_resetter(asked):
    """Resets connections whose first data hold a name, and lets that data pass or not."""
    if not asked.reset_name:
        return None
    name, count, step, fate = asked.reset_name

    def device(side, packet):
        if side != NEAR or packet.protocol != 6 or name.encode() not in packet.payload:
            return True, []
        resets = [packet.reset_back(packet.acknowledged + i * int(step), 101) for i in range(int(count))]
        return fate == "pass", [(NEAR, i / 10, reset) for i, reset in enumerate(resets)]

    return device


def nameless_dropper(asked):
    """Drops ClientHellos that name no server, as firewalls that decide on the name do."""
    if not asked.drop_nameless:
        return None

    def device(side, packet):
        hello = packet.payload[:3] in (b"\x16\x03\x01", b"\x16\x03\x03") and packet.payload[5:6] == b"\x01"
        return not (side == NEAR and hello and packet.goes_to(asked.drop_nameless) and not names_server(packet.payload[9:])), []

    return device


def names_server(hello):
    """Whether a ClientHello's body (RFC 8446 section 4.1.2) has the server_name extension."""
    place = 34
    place += 1 + hello[place]
    place += 2 + int.from_bytes(hello[place : place + 2], "big")
    place += 1 + hello[place]
    place += 2
    while place + 4 <= len(hello):
        kind, length = struct.unpack("!HH", hello[place : place + 4])
        if kind == 0:
            return True
        place += 4 + length
    return False


def cutter(asked):
    """Resets, or from then on drops, connections that have carried so many bytes."""
    if not asked.cut_after:
        return None
    address, most, how = asked.cut_after
    sent, cut = {}, set()

    def device(side, packet):
        if packet.protocol != 6 or socket.inet_aton(address) not in (packet.source, packet.destination):
            return True, []
        client = packet.ports[0] if side == NEAR else packet.ports[1]
        if client in cut:
            return False, []
        sent[client] = sent.get(client, 0) + len(packet.payload)
        if sent[client] <= int(most):
            return True, []
        cut.add(client)
        if how == "stall":
            return False, []
        # Not before what is still on its way.
        wait = asked.delay + 1
        back, on = packet.reset_back(packet.acknowledged, 64, RST), packet.reset_on(64)
        return False, [(side, wait, back), (1 - side, wait, on)]

    return device


def icmp_forger(asked):
    """Says "prohibited" to SYNs that nobody prohibits, quoting a sequence number that was never sent."""
    if not asked.forge_icmp:
        return None

    def device(side, packet):
        if side != NEAR or packet.flags & (SYN | ACK) != SYN or not packet.goes_to(asked.forge_icmp):
            return True, []
        quoted = packet.ip[:20] + packet.ip[20:24] + struct.pack("!I", packet.sequence ^ 0x5A5A5A5A)
        body = struct.pack("!BBHI", 3, 13, 0, 0) + quoted
        body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
        return True, [(NEAR, 0, packet.answer(1, body, 101, socket.inet_aton("192.0.2.66")))]

    return device


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\x00"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


DEVICES = [dns_forger, name_resetter, nameless_dropper, cutter, icmp_forger]


if __name__ == "__main__":
    main()
