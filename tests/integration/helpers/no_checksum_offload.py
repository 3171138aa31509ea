#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the kernel write whole checksums into what leaves by a device: no_checksum_offload.py DEVICE

Else frames that a program forwards (delay_wire.py) arrive with half a checksum. As `ethtool -K DEVICE tx off` would.
"""
import array
import fcntl
import socket
import struct
import sys

SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17
value = array.array("B", struct.pack("II", ETHTOOL_STXCSUM, 0))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP", sys.argv[1].encode(), value.buffer_info()[0]) + bytes(16))
