"""Whom proxies may speak for, and how far they are believed."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_plane.identity.client_address import MAX_HOPS, MAX_KNOWN, Claim, ForwardedReader, address_of
from data_plane.networks import NetworkSet

TRUSTED = NetworkSet(["10.0.0.0/8", "fd00::/8"])
PEER = "10.0.0.1"


def path(value: bytes, header: bytes = b"x-forwarded-for", peer: str = PEER) -> tuple[str, ...]:
    return ForwardedReader(header, TRUSTED).read(peer, {header: value} if value else {}).path


def client(value: bytes, header: bytes = b"x-forwarded-for", peer: str = PEER) -> str:
    return path(value, header, peer)[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"", PEER, id="no header"),
        pytest.param(b"192.0.2.1", "192.0.2.1", id="one"),
        pytest.param(b"6.6.6.6, 192.0.2.1", "192.0.2.1", id="what the client wrote does not count"),
        pytest.param(b"6.6.6.6, 192.0.2.1, 10.2.2.2, 10.3.3.3", "192.0.2.1", id="through trusted proxies"),
        pytest.param(b"10.2.2.2, 10.3.3.3", "10.2.2.2", id="all trusted: the first"),
        pytest.param(b"192.0.2.1:5678", "192.0.2.1", id="port"),
        pytest.param(b"[2001:db8::1]:443", "2001:db8::1", id="bracketed with port"),
        pytest.param(b"[2001:db8::1]", "2001:db8::1", id="bracketed"),
        pytest.param(b"2001:DB8:0::1", "2001:db8::1", id="IPv6 as it is written usually"),
        pytest.param(b"192.0.2.1, ::ffff:10.2.2.2", "192.0.2.1", id="a mapped trusted address"),
        pytest.param(b"::ffff:192.0.2.1", "192.0.2.1", id="a mapped address"),
        pytest.param(b"192.0.2.1,10.2.2.2", "192.0.2.1", id="without spaces"),
        pytest.param(b" \t192.0.2.1 \t", "192.0.2.1", id="spaces"),
        pytest.param(b"192.0.2.1, unknown, 10.2.2.2", "10.2.2.2", id="unknown ends the walk"),
        pytest.param(b"192.0.2.1, _hidden", PEER, id="an obfuscated name ends the walk"),
        pytest.param(b"192.0.2.1, , 10.2.2.2", "10.2.2.2", id="an empty entry ends the walk"),
        pytest.param(b"192.0.2.1,", PEER, id="an empty last entry ends the walk"),
        pytest.param(b"192.0.2.1, 10.2.2", PEER, id="half an address ends the walk"),
        pytest.param(b"192.0.2.1, 010.2.2.2", PEER, id="leading zeros end the walk"),
        pytest.param(b"192.0.2.1, 10.2.2.2\x00", PEER, id="NUL ends the walk"),
        pytest.param(b"192.0.2.1, fe80::1%eth0", PEER, id="a zone ends the walk"),
        pytest.param(b"[10.2.2.2]", PEER, id="IPv4 in brackets"),
        pytest.param(b"192.0.2.1:999999", PEER, id="port of six digits"),
        pytest.param(b"\xff\xfe", PEER, id="no text"),
        pytest.param(b"," * 30_000, PEER, id="commas"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_not_trusted(value: bytes, expected: str) -> None:
    assert client(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"for=192.0.2.1", "192.0.2.1", id="one"),
        pytest.param(b'For="[2001:db8::1]:4711";proto=https;by=10.0.0.1', "2001:db8::1", id="IPv6 with port"),
        pytest.param(b'for="192.0.2.1:80"; proto=http , for=10.2.2.2', "192.0.2.1", id="spaces"),
        pytest.param(b"for=6.6.6.6, for=192.0.2.1", "192.0.2.1", id="from the right"),
        pytest.param(b"for=192.0.2.1, for=unknown", PEER, id="unknown"),
        pytest.param(b'for=192.0.2.1, for="_gazonk"', PEER, id="obfuscated"),
        pytest.param(b"for=192.0.2.1, proto=https", PEER, id="without for"),
        pytest.param(b"for=192.0.2.1;for=6.6.6.6", PEER, id="for twice"),
        pytest.param(b'for="6.6.6.6, for=192.0.2.1', "192.0.2.1", id="a quote that the client has opened"),
        pytest.param(b'for=192.0.2.1;host="a;for=6.6.6.6"', PEER, id="for inside another value"),
        pytest.param(b'proto=http;host="a;for=6.6.6.6"', PEER, id="for inside another value alone"),
        pytest.param(b'for=192.0.2.1;host="a, for=6.6.6.6"', PEER, id="an element inside another value"),
        pytest.param(b'for=192.0.2.1;host="a\\", for=6.6.6.6;x=\\"b"', PEER, id="a quote that the proxy has escaped"),
        pytest.param(b'for=192.0.2.1;host="a, for=6.6.6.6;x=";by="z"', PEER, id="values that seem to close later"),
        pytest.param(b"192.0.2.1", PEER, id="another header's form"),
        pytest.param(b"for=192.0.2.1;", PEER, id="an empty pair"),
    ],
)
def test_forwarded_is_read_likewise(value: bytes, expected: str) -> None:
    assert client(value, b"forwarded") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"192.0.2.1", "192.0.2.1"), (b"10.2.2.2", "10.2.2.2"), (b"6.6.6.6, 192.0.2.1", PEER), (b"", PEER)],
    ids=["one", "a trusted one", "two", "none"],
)
def test_x_real_ip_is_one_address(value: bytes, expected: str) -> None:
    assert client(value, b"x-real-ip") == expected


def test_the_path_leads_from_the_client_to_the_peer() -> None:
    assert path(b"6.6.6.6, 192.0.2.1, 10.2.2.2") == ("192.0.2.1", "10.2.2.2", PEER)


def test_a_peer_without_address_is_believed_and_not_named() -> None:
    assert path(b"192.0.2.1", peer="") == ("192.0.2.1",)
    assert path(b"", peer="") == ()


def test_the_walk_is_bounded() -> None:
    entries = b", ".join([b"192.0.2.1", *[b"10.2.2.%d" % place for place in range(MAX_HOPS)]])

    assert client(entries) == "10.2.2.0"
    assert len(path(entries)) == MAX_HOPS + 1


@pytest.mark.parametrize(
    ("headers", "scheme", "host"),
    [
        pytest.param({b"x-forwarded-proto": b"https", b"x-forwarded-host": b"shop.example"}, b"https", b"shop.example"),
        pytest.param({b"x-forwarded-proto": b"http, HTTPS"}, b"https", b"", id="the last is the trusted proxy's"),
        pytest.param({b"x-forwarded-proto": b"gopher", b"x-forwarded-host": b"a b"}, b"", b"", id="nonsense"),
        pytest.param({}, b"", b"", id="nothing"),
    ],
)
def test_a_trusted_proxy_says_scheme_and_host(headers: dict[bytes, bytes], scheme: bytes, host: bytes) -> None:
    claim = ForwardedReader(b"x-forwarded-for", TRUSTED).read(PEER, headers)

    assert (claim.scheme, claim.host) == (scheme, host)


def test_forwarded_says_scheme_and_host_of_the_client_s_element() -> None:
    value = (
        b'for=6.6.6.6;proto=http;host=evil, for=192.0.2.1;proto=https;host="shop.example:443", for=10.2.2.2;proto=http'
    )

    claim = ForwardedReader(b"forwarded", TRUSTED).read(PEER, {b"forwarded": value, b"x-forwarded-proto": b"http"})

    assert claim == Claim(("192.0.2.1", "10.2.2.2", PEER), b"https", b"shop.example:443")


def test_what_is_kept_of_answers_is_bounded() -> None:
    reader = ForwardedReader(b"x-forwarded-for", TRUSTED)

    for number in range(3 * MAX_KNOWN):
        assert reader.read(PEER, {b"x-forwarded-for": b"9.9.%d.%d" % divmod(number, 256)}).path[1] == PEER

    assert len(reader._known) <= MAX_KNOWN


UNTRUSTED = st.ip_addresses().map(str).filter(lambda address: address not in TRUSTED)
HOPS = st.one_of(
    st.ip_addresses(network="10.0.0.0/8").map(str),
    st.ip_addresses(network="fd00::/8").map(str),
    st.ip_addresses(network="10.0.0.0/8").map(lambda address: f"::ffff:{address}"),
)


def written(address: str, port: int | None) -> str:
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@given(
    st.text(max_size=80).map(lambda text: text.encode()),
    UNTRUSTED,
    st.lists(HOPS, max_size=MAX_HOPS - 1),
    st.one_of(st.none(), st.integers(1, 65535)),
)
def test_whatever_the_client_sends_it_is_the_rightmost_untrusted(
    sent: bytes, address: str, hops: list[str], port: int | None
) -> None:
    added = ", ".join(written(each, port) for each in (address, *hops)).encode()

    found = client(sent + b", " + added if sent else added)

    assert found == str(ip_address(address).ipv4_mapped or address if ":" in address else address)  # type: ignore[union-attr]


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(value: bytes) -> None:
    for header in (b"x-forwarded-for", b"forwarded", b"x-real-ip"):
        assert client(value, header)


@given(st.ip_addresses())
def test_an_address_is_its_own_name(address: object) -> None:
    name = address_of(str(address).encode())

    assert name is not None
    assert address_of(name.encode()) == name
