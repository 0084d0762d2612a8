"""Who the client is, as far as trusted proxies tell. Sources: RFC 7239, and the custom of X-Forwarded-For.

A header is a list: each proxy adds at its end whom it has heard from. Only what a trusted proxy added counts, so the
list is read from the right, through trusted addresses, to the first that is not trusted: that is the client.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import islice

from data_plane.networks import NetworkSet, number_of

MAX_HOPS = 32  # proxies in a row, beyond which nobody is believed
MAX_KNOWN = 2048  # answers that are kept; by chance a proxy's clients come back
MAX_KNOWN_BYTES = 256  # of a header whose answer is kept

# What only proxies set: to a Service it means what a trusted one says, so the client's own never travels on.
PROXY_FIELDS = frozenset(
    b"cf-connecting-ip cf-connecting-ipv6 client-cert client-cert-chain fastly-client-ip forwarded true-client-ip "
    b"x-client-ip x-cluster-client-ip x-envoy-external-address x-forwarded x-forwarded-by x-forwarded-client-cert "
    b"x-forwarded-email x-forwarded-for x-forwarded-groups x-forwarded-host x-forwarded-port x-forwarded-prefix "
    b"x-forwarded-preferred-username x-forwarded-proto x-forwarded-protocol x-forwarded-scheme x-forwarded-server "
    b"x-forwarded-ssl x-forwarded-user x-original-forwarded-for x-original-host x-original-url x-real-ip "
    b"x-remote-addr x-remote-ip x-rewrite-url x-scheme".split()
)

ADDRESS = re.compile(rb"(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?|([0-9a-fA-F:.]{2,45})")
# One element of `Forwarded`. No address has commas, semicolons or escapes: a quoted value with one ends the walk.
PAIR = rb"""[!#$%&'*+.^_`|~\w-]+=(?:[!#$%&'*+.^_`|~\w-]+|"[^",;\\]*")"""
ELEMENT = re.compile(rb"%b(?:[ \t]*;[ \t]*%b)*" % (PAIR, PAIR))
PARAMETER = re.compile(rb'([^=;\s]+)=("?)([^";]*)\2')
SCHEMES = frozenset((b"http", b"https"))
HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]{1,255}")


@dataclass(frozen=True, slots=True)
class Claim:
    """What proxies say of a client. `path` leads from the client to the peer; empty where nobody has an address."""

    path: tuple[str, ...]
    scheme: bytes = b""
    host: bytes = b""


class ForwardedReader:
    """Reads one header's chain, as trusted peers hand it on.

    `header`: `x-forwarded-for`, `forwarded` or `x-real-ip`.
    """

    def __init__(self, header: bytes, trusted: NetworkSet) -> None:
        self._header = header
        self._trusted = trusted
        self._known: dict[tuple[str, bytes], tuple[str, ...]] = {}

    def read(self, peer: str, headers: dict[bytes, bytes]) -> Claim:
        """To be asked about trusted peers only; a peer on a Unix socket is ''."""
        value = headers.get(self._header, b"")
        path = self._known.get((peer, value))
        if path is None:
            path = self._path(peer, value)
            if len(value) <= MAX_KNOWN_BYTES:
                if len(self._known) >= MAX_KNOWN:
                    self._known.clear()
                self._known[peer, value] = path
        if self._header == b"forwarded":
            return Claim(path, *_told(value, len(path) - bool(peer)))
        scheme = _last(headers.get(b"x-forwarded-proto", b"")).lower()
        host = _last(headers.get(b"x-forwarded-host", b""))
        return Claim(path, scheme if scheme in SCHEMES else b"", host if HOST.fullmatch(host) else b"")

    def _path(self, peer: str, value: bytes) -> tuple[str, ...]:
        elements = iter((value,)) if self._header == b"x-real-ip" else _from_the_right(value)
        is_forwarded = self._header == b"forwarded"
        path = [peer] if peer else []
        for element in islice(elements, MAX_HOPS):
            address = address_of(_parameter(element, b"for") if is_forwarded else element)
            if address is None:
                break
            path.append(address)
            if address not in self._trusted:
                break
        return tuple(path[::-1])


def address_of(entry: bytes) -> str | None:
    """The address that an entry names, in its usual form, without port and brackets.

    None: `unknown`, an obfuscated name, or no entry at all. Nobody further to the left can be known then.
    """
    found = ADDRESS.fullmatch(entry.strip(b" \t"))
    if found is None:
        return None
    text = (found[1] or found[2] or found[3]).decode()
    version, number = number_of(text)
    if not version or (found[1] is not None and ":" not in text):
        return None
    return str(IPv4Address(number) if version == 4 else IPv6Address(number))


def _from_the_right(value: bytes) -> Iterator[bytes]:
    end = len(value)
    while end > 0:
        begin = value.rfind(b",", 0, end)
        yield value[begin + 1 : end]
        end = begin


def _last(value: bytes) -> bytes:
    return value[value.rfind(b",") + 1 :].strip(b" \t")


def _parameter(element: bytes, name: bytes) -> bytes:
    """Empty if the element does not have it exactly once, or is none."""
    element = element.strip(b" \t")
    if ELEMENT.fullmatch(element) is None:
        return b""
    values = [match[3] for match in PARAMETER.finditer(element) if match[1].lower() == name]
    return values[0] if len(values) == 1 else b""


def _told(value: bytes, hops: int) -> tuple[bytes, bytes]:
    """Scheme and host from the element that names the client, the `hops`th from the right."""
    element = next(islice(_from_the_right(value), hops - 1, None), b"") if hops > 0 else b""
    scheme, host = _parameter(element, b"proto").lower(), _parameter(element, b"host")
    return scheme if scheme in SCHEMES else b"", host if HOST.fullmatch(host) else b""
