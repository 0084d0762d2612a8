"""Sets of networks answer as a list of them would."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_plane.networks import NetworkSet, network_set

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
NETWORKS = st.one_of(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(lambda each: ip_network(each, strict=False)),
    st.tuples(st.integers(2**64, 2**128 - 1), st.integers(0, 128)).map(lambda each: ip_network(each, strict=False)),
)
MAPPED = ip_network("::ffff:0:0/96")


@given(st.lists(NETWORKS, max_size=20), st.lists(st.ip_addresses(), max_size=20))
def test_an_address_is_in_a_set_if_it_is_in_one_of_its_networks(
    networks: list[Network], addresses: list[Address]
) -> None:
    networks = [each for each in networks if each.version == 4 or not each.overlaps(MAPPED)]
    edges = [each[place] for each in networks for place in (0, -1)]
    beside = [ip_address(int(each) + 1) for each in edges if int(each) + 1 < 2**each.max_prefixlen]
    found = NetworkSet(map(str, networks))

    for address in (*addresses, *edges, *beside):
        if address.version == 6 and address in MAPPED:
            continue
        assert (str(address) in found) == any(address in network for network in networks)


@pytest.mark.parametrize("address", ["", "unknown", "10.0.0.1:80", "10.0.0.1 ", "fe80::1%eth0"])
def test_what_is_no_address_is_in_no_set(address: str) -> None:
    assert address not in NetworkSet(["0.0.0.0/0", "::/0"])


def test_a_mapped_address_is_an_ipv4_address() -> None:
    assert "::ffff:10.1.2.3" in NetworkSet(["10.0.0.0/8"])
    assert "::ffff:10.1.2.3" not in NetworkSet(["::/0"])


def test_an_empty_set_is_false_and_holds_nothing() -> None:
    assert not NetworkSet()
    assert "10.0.0.1" not in NetworkSet()


def test_a_set_is_made_once() -> None:
    assert network_set(("10.0.0.0/8",)) is network_set(("10.0.0.0/8",))
