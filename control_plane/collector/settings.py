"""What a collector's command line and environment say. A flag wins over its `ISTHMUS_*` variable."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from control_plane.settings import TRUST_DOMAIN, Address, SettingsError, package_version

DESCRIPTION = "One collector of Isthmus: takes call records from data planes and keeps them in ClickHouse."
EPILOG = (
    "Every flag can be given as an environment variable: ISTHMUS_ and its name, as ISTHMUS_CLICKHOUSE_URL for "
    "--clickhouse-url. With --data-dir the store is embedded, and belongs to this one process; several collectors need "
    "a ClickHouse server. SIGTERM stores what has been received and ends; a second one ends at once."
)
DATABASE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
MAX_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Embedded:
    """A store in this process, in a folder of its own."""

    data_dir: Path


@dataclass(frozen=True, slots=True)
class Server:
    """A ClickHouse server, or a cluster behind one address. `authority` None: the system's."""

    host: str
    port: int
    is_secure: bool
    user: str
    password_file: Path | None
    authority: Path | None
    database: str


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long details and hourly sums are kept."""

    detail_days: int
    sums_days: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one collector."""

    listen: Address
    certificate: Path
    key: Path
    authority: Path
    trust_domain: str
    health_listen: Address
    store: Embedded | Server
    retention: Retention


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read settings; `--help` and `--version` print and exit.

    Raises:
        SettingsError: something is missing or wrong.
    """
    given = _parser(environment).parse_args(arguments)
    missing = [f"--{name}" for name in ("cert", "key", "ca") if getattr(given, name) is None]
    if missing:
        raise SettingsError(f"required: {', '.join(missing)}; --help explains each")
    if (given.data_dir is None) == (given.clickhouse_url is None):
        raise SettingsError("give either --data-dir, for an embedded store, or --clickhouse-url")
    _require_files(given)
    if given.sums_retention_days < given.retention_days:
        raise SettingsError("--sums-retention-days must be at least --retention-days")
    return Settings(
        listen=given.listen,
        certificate=given.cert,
        key=given.key,
        authority=given.ca,
        trust_domain=given.trust_domain,
        health_listen=given.health_listen,
        store=Embedded(given.data_dir) if given.data_dir is not None else _server(given),
        retention=Retention(given.retention_days, given.sums_retention_days),
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(message)  # argparse's own prints several lines


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(prog="isthmus-collector", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=package_version())

    def add(flag: str, default: str | None, kind: type | object, text: str) -> None:
        value = environment.get("ISTHMUS_" + flag.removeprefix("--").replace("-", "_").upper(), default)
        shown = f"{text} (default: {default})" if default else text
        parser.add_argument(flag, default=value or None, type=kind, help=shown)  # type: ignore[arg-type]

    add("--listen", "0.0.0.0:8446", _address, "address for data planes")
    add("--cert", None, Path, "PEM file: our certificate; read anew when it changes")
    add("--key", None, Path, "PEM file: the private key of --cert")
    add("--ca", None, Path, "PEM file: the authority of the data planes' certificates")
    add("--trust-domain", "isthmus.local", _trust_domain, "trust domain of the data planes' SPIFFE ids")
    add("--health-listen", "127.0.0.1:8447", _address, "address for /healthz, /readyz and /metrics")
    add("--data-dir", None, Path, "folder of an embedded store; one process at a time")
    add("--clickhouse-url", None, _url, "a ClickHouse server's HTTP interface, http://host:8123 or https://host:8443")
    add("--clickhouse-user", "default", str, "user of --clickhouse-url")
    add(
        "--clickhouse-password-file", None, Path, "file with the password of --clickhouse-user; read at each connection"
    )
    add("--clickhouse-ca", None, Path, "PEM file: the authority of the server's certificate, if not the system's")
    add("--clickhouse-database", "isthmus", _database, "database for our tables; made if it does not exist")
    add("--retention-days", "30", _days, "how long single records are kept")
    add("--sums-retention-days", "800", _days, "how long hourly sums are kept")
    return parser


def _server(given: argparse.Namespace) -> Server:
    scheme, host, port = given.clickhouse_url
    return Server(
        host,
        port,
        scheme == "https",
        given.clickhouse_user or "default",
        given.clickhouse_password_file,
        given.clickhouse_ca,
        given.clickhouse_database,
    )


def _require_files(given: argparse.Namespace) -> None:
    for flag in ("cert", "key", "ca", "clickhouse_password_file", "clickhouse_ca"):
        path: Path | None = getattr(given, flag)
        if path is not None and not (path.is_file() and os.access(path, os.R_OK)):
            raise SettingsError(f"--{flag.replace('_', '-')} '{path}' is not a file that can be read")


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not host:port")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def _url(text: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(text)
        port = parts.port or {"http": 8123, "https": 8443}[parts.scheme]
    except (ValueError, KeyError):
        parts, port = urlsplit(""), 0
    if not parts.hostname or parts.username or parts.path.strip("/") or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"'{text}' is not http://host:port or https://host:port")
    return parts.scheme, parts.hostname, port


def _database(text: str) -> str:
    if not text or not DATABASE_CHARACTERS.issuperset(text):
        raise argparse.ArgumentTypeError(f"'{text}' must consist of letters, digits and _")
    return text


def _trust_domain(text: str) -> str:
    if not TRUST_DOMAIN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a trust domain, such as 'isthmus.local'")
    return text


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_DAYS:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of days from 1 to {MAX_DAYS}")
    return int(text)
