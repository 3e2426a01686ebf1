#!/bin/sh
# editcap, mergecap and reordercap of Wireshark 4.0.17 (Debian 12), on pcapng.
#
# Expected by most: copying a capture, or putting its packets into the order of time, keeps what the capture says of itself;
# above all how many packets the interface dropped, which stands in an interface statistics block at its end.
# Seen: the packets, their comments and the drop counts of single packets (epb_dropcount) come through, and the statistics
# block does not. A capture that says that 7 packets were dropped says nothing of it any more once one of these tools has
# written it, also where editcap leaves out no packet, so that a capture that lost packets looks like one that lost none.
set -eu
version=4.0.17-0+deb12u3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq "wireshark-common=$version" "libwiretap13=$version" "libwsutil14=$version" \
    libglib2.0-0 libgcrypt20 libgpg-error0 libpcre2-8-0 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(find "$work/root" -name '*.so*' -exec dirname {} \; | sort -u | paste -sd:)
export LD_LIBRARY_PATH
cat >make.py <<'PYTHON'
import struct

def block(kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length

def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)

end = option(0, b"")
frame = bytes.fromhex("ffffffffffff0200000000010800") + bytes(46)
moment = 1_700_000_000_000_000

def packet(number, options=b""):
    ticks = moment + number * 1000
    fields = struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, fields + frame + options)

with open("own.pcapng", "wb") as file:
    file.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
    file.write(block(1, struct.pack("<HHI", 1, 0, 0) + option(2, b"eth0") + end))
    file.write(packet(0) + packet(1, option(4, struct.pack("<Q", 3)) + end) + packet(2))
    counts = option(4, struct.pack("<Q", 10)) + option(5, struct.pack("<Q", 7)) + end
    file.write(block(5, struct.pack("<III", 0, moment >> 32, moment & 0xFFFFFFFF) + counts))
PYTHON
cat >blocks.py <<'PYTHON'
import struct, sys

data, at, counts = open(sys.argv[1], "rb").read(), 0, {}
while at < len(data):
    kind, length = struct.unpack_from("<II", data, at)
    body = data[at + 8 : at + length - 4]
    dropped = kind == 6 and struct.pack("<HHQ", 4, 8, 3) in body
    name = {6: "packet", 5: "statistics"}.get(kind, "") + (" with drops" if dropped else "")
    counts[name] = counts.get(name, 0) + 1
    at += length
print(", ".join(f"{counts.get(each, 0)} {each}" for each in ("packet", "packet with drops", "statistics")))
PYTHON
python3 make.py
bin=root/usr/bin
$bin/editcap own.pcapng editcap.pcapng
$bin/mergecap -w mergecap.pcapng own.pcapng
$bin/reordercap own.pcapng reordercap.pcapng >/dev/null
for tool in own editcap mergecap reordercap; do
    echo "$tool: $(python3 blocks.py "$tool.pcapng")"
done | tee seen
cat >wanted <<'WANTED'
own: 2 packet, 1 packet with drops, 1 statistics
editcap: 2 packet, 1 packet with drops, 0 statistics
mergecap: 2 packet, 1 packet with drops, 0 statistics
reordercap: 2 packet, 1 packet with drops, 0 statistics
WANTED
cmp seen wanted
