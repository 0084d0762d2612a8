"""Where etcd is and how to prove who we are."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_PORT = 2379


@dataclass(frozen=True, slots=True)
class EtcdSettings:
    """`endpoints` are `http://host:port` or `https://host:port`, all of one cluster and one scheme.

    With https, the servers are checked against `ca_file` (else the roots that gRPC carries) and the name in the
    endpoint; `cert_file` with `key_file` is our own certificate. `call_seconds` bounds one attempt, `total_seconds`
    an operation with its repeats.

    Raises:
        ValueError: the settings contradict each other.
    """

    endpoints: tuple[str, ...]
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    call_seconds: float = 2.0
    total_seconds: float = 5.0

    def __post_init__(self) -> None:
        if not self.endpoints:
            raise ValueError("etcd: name at least one endpoint, as `http://127.0.0.1:2379`")
        schemes = {_split(endpoint)[0] for endpoint in self.endpoints}
        if len(schemes) > 1:
            raise ValueError("etcd: endpoints are either all http or all https")
        if "http" in schemes and (self.ca_file or self.cert_file):
            raise ValueError("etcd: certificates are given, but the endpoints are http; write https")
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("etcd: a client certificate needs both `cert_file` and `key_file`")
        if bool(self.username) != bool(self.password):
            raise ValueError("etcd: `username` and `password` go together")

    @property
    def tls(self) -> bool:
        return _split(self.endpoints[0])[0] == "https"

    @property
    def targets(self) -> tuple[str, ...]:
        """The endpoints as gRPC names them, in the same order."""
        return tuple(f"dns:///{_split(endpoint)[1]}" for endpoint in self.endpoints)


def _split(endpoint: str) -> tuple[str, str]:
    """The scheme and `host:port`."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or "@" in parts.netloc:
        # Not repeated in the message: what stands before an @ may be a password.
        raise ValueError("etcd: an endpoint is `http://host:port` or `https://host:port`")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return parts.scheme, f"{host}:{parts.port or DEFAULT_PORT}"
