#!/bin/sh
# libpcap 1.10.3 (Debian 12, libpcap0.8 1.10.3-1), a netfilter log group in non-blocking mode. Needs root, for a network
# namespace of its own.
#
# Expected by most: pcap_dispatch(3) on a handle that pcap_setnonblock(3) made non-blocking gives 0 where no packet waits, as
# its page says and as every network interface does.
# Seen: on `nflog:GROUP` it gives -1 (PCAP_ERROR), and pcap_geterr says "Can't receive packet: Resource temporarily
# unavailable": the netlink socket's EAGAIN is taken for a failure. Whoever ends on an error ends at the first quiet moment, and
# nothing but that text tells it from a real one. The handle goes on working, and gives the next packet that is logged.
set -eu
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
work=$(mktemp -d)
name=finding-nflog-$$
trap 'ip netns del "$name" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
apt-get -q -o APT::Sandbox::User=root download libpcap0.8=1.10.3-1 nftables=1.0.6-2+deb12u2 libnftables1=1.0.6-2+deb12u2 >/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
ip netns add "$name"
ip -n "$name" link set lo up
cat >quiet.py <<'PYTHON'
import ctypes, glob, socket, subprocess, sys, time

libraries = "root/usr/lib/*-linux-gnu/"
pcap = ctypes.CDLL(glob.glob(libraries + "libpcap.so.1.10.3")[0])
pcap.pcap_open_live.restype = ctypes.c_void_p
pcap.pcap_geterr.restype = ctypes.c_char_p
handler = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
error = ctypes.create_string_buffer(256)
packets = []
take = handler(lambda *_: packets.append(1))

def quiet(device):
    handle = pcap.pcap_open_live(device, 65535, 0, 100, error)
    assert handle, (device, error.value)
    handle = ctypes.c_void_p(handle)
    assert pcap.pcap_setnonblock(handle, 1, error) == 0, error.value
    got = pcap.pcap_dispatch(handle, -1, take, None)
    return handle, got, pcap.pcap_geterr(handle).decode() if got < 0 else ""

_, interface, _ = quiet(b"lo")
handle, group, words = quiet(b"nflog:5")
print("pcap_dispatch without a packet: lo", interface, "nflog:5", group, repr(words))
rules = "add table ip t; add chain ip t out { type filter hook output priority 0; }; add rule ip t out meta l4proto udp log group 5"
tool = {"LD_LIBRARY_PATH": glob.glob(libraries)[0]}
subprocess.run(["root/usr/sbin/nft", rules], check=True, env=tool)
before = len(packets)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))
for _ in range(30):
    time.sleep(0.1)
    pcap.pcap_dispatch(handle, -1, take, None)
    if len(packets) > before:
        break
print("the same handle then gives", len(packets) - before, "logged packet(s)")
as_said = interface == 0 and group == -1 and "temporarily unavailable" in words and len(packets) > before
sys.exit(not as_said)
PYTHON
ip netns exec "$name" python3 quiet.py
