"""The PROXY protocol, version 2, without I/O: whom a proxy has a connection from.

Source: HAProxy, "The PROXY protocol", 2020-03-05, section 2.2. Of the type-length-values that may follow the addresses
the checksum is verified; the others are checked for their lengths and not used.
"""

import ipaddress

from data_plane.exchange import Peer

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
PREFIX_BYTES = 16  # signature, version and command, family, length
MAX_BYTES = 4096  # of the whole header; the protocol would allow 64 KiB
LOCAL, PROXY = 0x20, 0x21  # version 2 and the command
UNSPECIFIED, TCP_4, TCP_6, UNIX_STREAM = 0x00, 0x11, 0x21, 0x31  # address family and transport
ADDRESS_BYTES = {UNSPECIFIED: 0, TCP_4: 12, TCP_6: 36, UNIX_STREAM: 216}
CRC32C = 0x03


class ProxyHeaderError(ValueError):
    """The connection does not begin as it must."""


class ProxyHeaderReader:
    """Takes exactly the bytes of one header: `wanted` says how many more may be read."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._total = PREFIX_BYTES

    @property
    def wanted(self) -> int:
        """How many bytes are missing, as far as is known; 0: the header is complete."""
        return self._total - len(self._data)

    def feed(self, data: bytes) -> None:
        """Take at most `wanted` bytes.

        Raises:
            ProxyHeaderError: they are not the beginning of a header.
        """
        before = len(self._data)
        self._data += data
        if before < len(SIGNATURE) and not SIGNATURE.startswith(self._data[: len(SIGNATURE)]):
            raise ProxyHeaderError("not a PROXY header of version 2")
        if before < PREFIX_BYTES <= len(self._data):
            self._total += self._payload_bytes()

    def peer(self) -> Peer | None:
        """Whom the proxy has the connection from; None: it is the proxy's own, or it does not say.

        Raises:
            ProxyHeaderError: a value has not the length that it states, or the checksum is wrong.
        """
        data = bytes(self._data)
        command, family = data[12], data[13]
        if command == LOCAL or family == UNSPECIFIED:  # the proxy's own, or not said; what follows does not count
            return None
        self._check_values(data, PREFIX_BYTES + ADDRESS_BYTES[family])
        source = data[PREFIX_BYTES:]
        if family == TCP_4:
            return Peer(str(ipaddress.IPv4Address(source[:4])))
        if family == TCP_6:
            address = ipaddress.IPv6Address(source[:16])
            return Peer(str(address.ipv4_mapped or address))
        return Peer()  # a Unix socket has no address

    def _payload_bytes(self) -> int:
        command, family = self._data[12], self._data[13]
        length = int.from_bytes(self._data[14:16], "big")
        if command not in (LOCAL, PROXY):
            raise ProxyHeaderError("neither LOCAL nor PROXY of version 2")
        if command == PROXY and family not in ADDRESS_BYTES:
            raise ProxyHeaderError("no stream of a known address family")
        least = ADDRESS_BYTES[family] if command == PROXY else 0
        if length < least or PREFIX_BYTES + length > MAX_BYTES:
            raise ProxyHeaderError("a length that cannot be")
        return length

    @staticmethod
    def _check_values(data: bytes, start: int) -> None:
        while start < len(data):
            end = start + 3 + int.from_bytes(data[start + 1 : start + 3], "big")
            if start + 3 > len(data) or end > len(data):
                raise ProxyHeaderError("a value that is longer than its header")
            if data[start] == CRC32C:
                if end - start != 7:
                    raise ProxyHeaderError("a checksum of a wrong length")
                checked = data[: start + 3] + bytes(4) + data[end:]
                if crc32c(checked) != int.from_bytes(data[start + 3 : end], "big"):
                    raise ProxyHeaderError("a wrong checksum")
            start = end


def crc32c(data: bytes) -> int:
    """The checksum of RFC 4960, appendix B: Castagnoli's polynomial, as the protocol asks for it."""
    checksum = 0xFFFFFFFF
    for byte in data:
        checksum = _CRC_TABLE[(checksum ^ byte) & 0xFF] ^ (checksum >> 8)
    return checksum ^ 0xFFFFFFFF


def _crc_row(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


_CRC_TABLE = tuple(map(_crc_row, range(256)))
