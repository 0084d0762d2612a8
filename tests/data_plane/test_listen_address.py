"""Where a replica listens, as it is written."""

import pytest

from data_plane.listen_address import ListenAddress, parse_listen_address, parse_listen_addresses


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:8080", ListenAddress("0.0.0.0", 8080)),
        ("http://localhost:80", ListenAddress("localhost", 80)),
        ("https://[::]:8443", ListenAddress("::", 8443, tls=True)),
        ("[fe80::1%eth0]:80", ListenAddress("fe80::1%eth0", 80)),
        ("unix:/run/isthmus.sock", ListenAddress(path="/run/isthmus.sock", mode=0o660)),
        ("unix:///run/isthmus.sock", ListenAddress(path="/run/isthmus.sock", mode=0o660)),
        ("unix:/s?mode=0600&tls", ListenAddress(path="/s", mode=0o600, tls=True)),
        ("unix:/s?proxy=v2", ListenAddress(path="/s", proxy=True)),
        (
            "https://[::]:1?proxy=v2&trusted=10.0.0.0/8&trusted=fd00::/8",
            ListenAddress("::", 1, tls=True, proxy=True, trusted=("10.0.0.0/8", "fd00::/8")),
        ),
        ("a:1?proxy=v2&trusted=192.0.2.1", ListenAddress("a", 1, proxy=True, trusted=("192.0.2.1/32",))),
    ],
)
def test_an_address_is_read(text: str, address: ListenAddress) -> None:
    assert parse_listen_address(text) == address


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("8080", "is not host:port"),
        ("a:99999", "is not host:port"),
        ("::1:80", "is not host:port"),
        ("ftp://a:1", "is not host:port"),
        ("http://a:1/path", "is not host:port"),
        ("unix:run.sock", "must be absolute"),
        (f"unix:/{'a' * 100}", "at most 100 bytes"),
        ("a:1?proxy=v2", "needs `trusted=CIDR`"),
        ("a:1?proxy=v1&trusted=::/0", "'proxy=v1' is no option of a:1; there are proxy=v2, trusted=CIDR"),
        ("a:1?trusted=10.0.0.0/8", "goes with `proxy=v2`"),
        ("unix:/s?proxy=v2&trusted=10.0.0.0/8", "on a TCP listener"),
        ("a:1?proxy=v2&trusted=10.0.0.1/8", "not a network"),
        ("a:1?mode=0600", "is no option"),
        ("a:1?tls", "is no option"),
        ("unix:/s?mode=rw", "is no option"),
    ],
)
def test_a_wrong_address_is_one_clear_line(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        parse_listen_address(text)
    assert words in str(caught.value)


def test_several_are_joined_by_commas_and_shown_as_addresses() -> None:
    addresses = parse_listen_addresses("a:1, https://[::1]:2,unix:/s?mode=0600")
    assert list(map(str, addresses)) == ["http://a:1", "https://[::1]:2", "unix:/s"]
    assert [address.is_plain for address in addresses] == [True, False, True]
