"""IP addresses and networks, read in one way by both planes. Sources: RFC 4291, RFC 4632."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated

from pydantic import StringConstraints

# Only the outline: what it means is checked by `parse_network`.
Cidr = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-fA-F:.]{2,39}(/[0-9]{1,3})?$", max_length=43)
]  # `10.0.0.0/8`, `2001:db8::/32`; a single address is a network of one

_BITS = {4: 32, 6: 128}
_MAPPED = 0xFFFF  # `::ffff:0:0/96`, above the 32 bits of an IPv4 address (RFC 4291, 2.5.5.2)


def parse_address(text: str) -> tuple[int, int]:
    """Version and number. An IPv4 address in the clothes of IPv6 (`::ffff:10.0.0.1`) is the IPv4 address.

    Raises:
        ValueError: it is none, or has a zone (`%eth0`), which means something on one machine only.
    """
    if ":" not in text:
        return 4, int(IPv4Address(text))
    if "%" in text:
        raise ValueError(f"'{text}' has a zone")
    value = int(IPv6Address(text))
    return (4, value & 0xFFFFFFFF) if value >> 32 == _MAPPED else (6, value)


def parse_network(text: str) -> tuple[int, int, int]:
    """Version, first and last number.

    Raises:
        ValueError: it is none, or its address lies within the network instead of at its beginning.
    """
    address, slash, digits = text.partition("/")
    version, first = parse_address(address)
    bits = _BITS[version]
    length = bits
    if slash:
        length = int(digits) - (96 if version == 4 and ":" in address else 0)
        if not 0 <= length <= bits:
            raise ValueError(f"'{text}': the prefix length must be between 0 and {bits}")
    hosts = (1 << (bits - length)) - 1
    if first & hosts:
        raise ValueError(f"'{text}' must be the network's first address: '{address}' has bits beyond the prefix")
    return version, first, first | hosts


def check_networks(field: str, networks: Iterable[str]) -> None:
    """
    Raises:
        ValueError: naming the field, the first that is no network, and why.
    """
    for network in networks:
        try:
            parse_network(network)
        except ValueError as error:
            raise ValueError(f"`{field}`: {error}") from None
