"""Addresses and networks as both planes read them."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config_schemas.network import parse_address, parse_network

TEN = int(ip_address("10.0.0.0"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10.0.0.0", (4, TEN)),
        ("::ffff:10.0.0.0", (4, TEN)),
        ("::ffff:a00:0", (4, TEN)),
        ("::1", (6, 1)),
        ("2001:DB8::", (6, 0x20010DB8 << 96)),
        ("::", (6, 0)),
    ],
)
def test_an_address_is_a_version_and_a_number(text: str, number: tuple[int, int]) -> None:
    assert parse_address(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "1.2.3.4.5",
        "1.2.3.\u0664",
        "0x7f000001",
        "fe80::1%eth0",
        ":::",
        "a",
        "1::2::3",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_address(text)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.0.0.0/8", (4, TEN, TEN + 2**24 - 1)),
        ("10.0.0.0", (4, TEN, TEN)),
        ("0.0.0.0/0", (4, 0, 2**32 - 1)),
        ("::ffff:10.0.0.0/104", (4, TEN, TEN + 2**24 - 1)),
        ("::/0", (6, 0, 2**128 - 1)),
        ("::1", (6, 1, 1)),
    ],
)
def test_a_network_is_a_range(text: str, network: tuple[int, int, int]) -> None:
    assert parse_network(text) == network


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10.0.0.1/8", "beyond the prefix"),
        ("10.0.0.0/33", "between 0 and 32"),
        ("::/129", "between 0 and 128"),
        ("::ffff:10.0.0.0/95", "between 0 and 32"),
        ("10.0.0.0/", "invalid literal"),
        ("example", "example"),
    ],
)
def test_what_is_no_network_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_network(text)


@given(st.ip_addresses())
def test_every_address_is_read_as_the_standard_library_does(address: IPv4Address | IPv6Address) -> None:
    plain = (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address

    assert parse_address(str(address)) == (plain.version, int(plain))
