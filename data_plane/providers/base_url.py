"""A provider's base URL, taken apart."""

from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """`path` has no slash at its end; `authority` is the value of `Host`."""

    host: str
    port: int
    is_tls: bool
    path: bytes
    authority: bytes

    @classmethod
    def parse(cls, url: str) -> "BaseUrl":
        """Take a URL apart.

        Raises:
            ValueError: it is not an `http` or `https` URL with a host.
        """
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError(f"'{url}' must be a URL as `https://host/path`")
        if not url.isascii():
            raise ValueError(f"'{url}' must be written in ASCII")
        port = parts.port or PORTS[parts.scheme]  # `port` raises a ValueError if it is out of range
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        authority = host if port == PORTS[parts.scheme] else f"{host}:{port}"
        return cls(parts.hostname, port, parts.scheme == "https", parts.path.rstrip("/").encode(), authority.encode())
