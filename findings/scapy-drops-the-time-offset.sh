#!/bin/sh
# scapy 2.6.1, PcapNgReader.
#
# Expected by most: the times of a pcapng file are those that tshark and tcpdump show. Both add the interface's
# if_tsoffset (option 14: seconds to add to each time stamp, pcapng draft section 4.2).
# Seen: scapy knows if_tsresol, with both bases, but drops if_tsoffset without a word, so every packet of such a file is
# off by the offset: here one hour. Two tools that are used side by side then disagree on what came first.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install scapy==2.6.1
cd "$work"
cat >check.py <<'PYTHON'
import struct, sys
from scapy.utils import PcapNgReader

def block(kind, body):
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)

def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)

seconds, offset = 1_700_000_000, 3600
frame = bytes.fromhex("020000000001020000000002") + b"\x88\xb5" + bytes(46)  # local experimental EtherType
options = option(9, b"\x06") + option(14, struct.pack("<q", offset)) + option(0, b"")
micros = seconds * 10**6
with open("offset.pcapng", "wb") as out:
    out.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
    out.write(block(1, struct.pack("<HHI", 1, 0, 0) + options))
    head = struct.pack("<IIIII", 0, micros >> 32, micros & 0xFFFFFFFF, len(frame), len(frame))
    out.write(block(6, head + frame))
read = [float(packet.time) for packet in PcapNgReader("offset.pcapng")]
print("scapy 2.6.1 reads", read, "where the file says", [float(seconds + offset)])
sys.exit(read != [float(seconds)])
PYTHON
venv/bin/python check.py
if command -v tshark >/dev/null; then
    shown=$(tshark -r offset.pcapng -T fields -e frame.time_epoch 2>/dev/null)
    echo "tshark shows $shown"
    [ "${shown%%.*}" = 1700003600 ]
fi
