"""Listens in on the loopback's RTP, as somebody on the wire would. Needs CAP_NET_RAW: run it as root.

Says "listening", then one line a packet until its standard input closes: source port, destination port, and
the payload in hexadecimal.
"""

import select
import socket
import struct
import sys

_IP, _UDP, _VERSION_2 = 0x0800, 17, 0x80
_OUTGOING = 4


def main() -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_IP)) as wire:
        wire.bind(("lo", _IP))
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        while True:
            ready, _, _ = select.select([wire, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            data, (_, _, kind, *_) = wire.recvfrom(65535)
            if kind != _OUTGOING:  # each packet passes twice
                tell(data)


def tell(data: bytes) -> None:
    header = (data[0] & 0x0F) * 4
    if data[9] != _UDP or len(data) < header + 8 + 12:
        return
    source, destination = struct.unpack_from("!HH", data, header)
    rtp = data[header + 8 :]
    if rtp[0] == _VERSION_2 and rtp[1] & 0x7F == 8:  # PCMA, RFC 3551
        sys.stdout.write(f"{source} {destination} {rtp[12:].hex()}\n")


main()
