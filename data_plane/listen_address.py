"""Where a replica listens, and how, as it is written after `--listen`.

`host:port`, `http://host:port`, `https://host:port` or `unix:/path`, an IPv6 host in brackets; then, after `?`, options
joined by `&`: `proxy=v2` with `trusted=CIDR` (may be repeated), and for Unix sockets `mode=OCTAL` and `tls`.
"""

import ipaddress
import re

import msgspec

DEFAULT_MODE = 0o660
MAX_PATH_BYTES = 100  # the kernel takes 107, of which a new socket's temporary name needs some
HOST_AND_PORT = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?P<host>[^\s\[\]:/?]+)):(?P<port>[0-9]{1,5})")
MODE = re.compile(r"0?[0-7]{3}")


class ListenAddress(msgspec.Struct, frozen=True):
    """One listener. `path` is a Unix socket's; then there are no host and port.

    `trusted`: networks of the proxies that must begin each connection with a PROXY header, where `proxy` is set.
    """

    host: str = ""
    port: int = 0
    path: str = ""
    tls: bool = False
    proxy: bool = False
    trusted: tuple[str, ...] = ()
    mode: int = DEFAULT_MODE

    @property
    def is_plain(self) -> bool:
        """Whether HTTP begins with the connection's first byte."""
        return not (self.tls or self.proxy)

    @property
    def place(self) -> str:
        """What is bound."""
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def identity(self) -> str:
        """No two listeners of a replica have the same. Where any free port will do, the protocol tells them apart."""
        return self.place if self.port or self.path else str(self)

    def __str__(self) -> str:
        if self.path:
            return self.place
        return f"{'https' if self.tls else 'http'}://{self.place}"


def parse_listen_address(text: str) -> ListenAddress:
    """Read one listener.

    Raises:
        ValueError: one line for the operator.
    """
    where, _, options = text.partition("?")
    address = _parse_where(where)
    if options:
        address = _with_options(address, options)
    if address.proxy and not address.trusted and not address.path:
        raise ValueError(
            f"'{text}': `proxy=v2` needs `trusted=CIDR`, the network of the proxies that may say who calls"
        )
    if address.trusted and (not address.proxy or address.path):
        raise ValueError(f"'{text}': `trusted` goes with `proxy=v2` on a TCP listener")
    return address


def parse_listen_addresses(text: str) -> tuple[ListenAddress, ...]:
    """Read listeners that are joined by commas.

    Raises:
        ValueError: one line for the operator.
    """
    return tuple(parse_listen_address(each.strip()) for each in text.split(","))


def _parse_where(where: str) -> ListenAddress:
    if where.startswith("unix:"):
        path = where.removeprefix("unix:").removeprefix("//")
        if not path.startswith("/") or len(path.encode()) > MAX_PATH_BYTES:
            raise ValueError(
                f"'{where}': a Unix socket's path must be absolute, and at most {MAX_PATH_BYTES} bytes long"
            )
        return ListenAddress(path=path)
    scheme, separator, rest = where.partition("://")
    if not separator:
        scheme, rest = "http", where
    found = HOST_AND_PORT.fullmatch(rest)
    if scheme not in ("http", "https") or found is None or int(found["port"]) > 65535:
        raise ValueError(f"'{where}' is not host:port, http://host:port, https://host:port or unix:/path")
    return ListenAddress(found["v6"] or found["host"], int(found["port"]), tls=scheme == "https")


def _with_options(address: ListenAddress, options: str) -> ListenAddress:
    trusted: list[str] = []
    for option in options.split("&"):
        name, _, value = option.partition("=")
        match name, value:
            case "proxy", "v2":
                address = msgspec.structs.replace(address, proxy=True)
            case "trusted", _:
                trusted.append(_network(value))
            case "mode", _ if address.path and MODE.fullmatch(value):
                address = msgspec.structs.replace(address, mode=int(value, 8))
            case "tls", "" if address.path:
                address = msgspec.structs.replace(address, tls=True)
            case _:
                allowed = "proxy=v2, mode=0660, tls" if address.path else "proxy=v2, trusted=CIDR"
                raise ValueError(f"'{option}' is no option of {address.place}; there are {allowed}")
    return msgspec.structs.replace(address, trusted=tuple(trusted))


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError(f"`trusted={text}`: not a network as 10.0.0.0/8 or fd00::/8") from None
