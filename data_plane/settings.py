"""What the command line and the environment say. A flag wins over its `ISTHMUS_*` variable."""

import argparse
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from data_plane.listen_address import ListenAddress, parse_listen_addresses

SHORTEST_POLL_SECONDS = 0.05
MEBIBYTE = 1024 * 1024
MAX_WORKERS = 256
NODE_ID = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,126}[A-Za-z0-9])?")

DEFAULT_LISTEN = "0.0.0.0:8080"
LISTEN_HELP = (
    "address for traffic, may be repeated: host:port, https://host:port or unix:/path; options follow a ?, as "
    "https://[::]:8443?proxy=v2&trusted=10.0.0.0/8 or unix:/run/isthmus.sock?mode=0660"
)
DESCRIPTION = "One replica of the Isthmus data plane: an agent and its workers."
EPILOG = (
    "Every flag can be given as an environment variable: ISTHMUS_ and its name, as ISTHMUS_DATA_DIR for --data-dir. "
    "SIGTERM drains and ends the replica; a second one ends it at once. SIGHUP replaces the workers one by one. "
    "SIGUSR2 starts the program anew and hands the sockets over to it: an upgrade that no client notices."
)


class SettingsError(Exception):
    """One line for the operator."""


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files for mutual TLS with control planes and collectors."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """What to start from while no control plane answers: a path, or an http or https URL."""

    location: str
    authority: Path | None
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one replica. Exactly one of `control_planes` and `static_config` is given."""

    gateway: str
    node: str
    control_planes: tuple[Address, ...]
    collectors: tuple[Address, ...]
    certificates: Certificates | None
    static_config: Path | None
    listen: tuple[ListenAddress, ...]
    admin_listen: Address
    workers: int
    data_dir: Path
    drain_seconds: float
    drain_delay_seconds: float
    tls_certificates: tuple[str, ...]
    certificate_poll_seconds: float
    spool_bytes: int
    last_good_key_file: Path | None
    bootstrap: Bootstrap | None
    dump_token_file: Path | None
    take_over: bool


def package_version() -> str:
    try:
        return version("isthmus")
    except PackageNotFoundError:  # a checkout that is not installed
        return "0.0.0+checkout"


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read settings; `--help` and `--version` print and exit.

    Raises:
        SettingsError: something is missing or wrong.
    """
    given = _parser(environment).parse_args(arguments)
    if bool(given.control_planes) == bool(given.static_config):
        raise SettingsError("give either --control-planes or --static-config")
    _require_files(given)
    return Settings(
        gateway=given.gateway,
        node=given.node_id or default_node(given.data_dir),
        control_planes=given.control_planes or (),
        collectors=given.collectors or (),
        certificates=(
            Certificates(given.cert, given.key, given.ca) if given.control_planes or given.collectors else None
        ),
        static_config=given.static_config,
        listen=_listen(given.listen, environment),
        admin_listen=given.admin_listen,
        workers=given.workers,
        data_dir=given.data_dir,
        drain_seconds=given.drain_seconds,
        drain_delay_seconds=given.drain_delay_seconds,
        tls_certificates=given.tls_certificates or (),
        certificate_poll_seconds=given.certificate_poll_seconds,
        spool_bytes=given.spool_mebibytes * MEBIBYTE,
        last_good_key_file=given.last_good_key_file,
        bootstrap=_bootstrap(given),
        dump_token_file=given.config_dump_token_file,
        take_over=given.take_over,
    )


def default_node(data_dir: Path) -> str:
    """The host's name and a number that stays with the data directory: two replicas may share a host.

    Raises:
        SettingsError: the data directory cannot be written.
    """
    file = data_dir / "node"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text(os.urandom(4).hex())
        number = file.read_text().strip()
    except OSError as error:
        raise SettingsError(f"--data-dir '{data_dir}': {error.strerror}") from error
    host = re.sub(r"[^A-Za-z0-9]+", "-", socket.gethostname()).strip("-")[:100] or "host"
    return f"{host}-{number}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # argparse's own exits with several lines
        raise SettingsError(message)


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="isthmus-data-plane", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False, add_help=True
    )
    parser.add_argument("--version", action="version", version=package_version())

    def add(flag: str, default: str | None, kind: type | object, text: str) -> None:
        value = environment.get("ISTHMUS_" + flag.removeprefix("--").replace("-", "_").upper(), default)
        shown = f"{text} (default: {default})" if default else text
        parser.add_argument(flag, default=value or None, type=kind, help=shown)  # type: ignore[arg-type]

    add("--control-planes", None, _addresses, "addresses of control planes, host:port,...")
    add("--collectors", None, _addresses, "addresses of collectors, host:port,...; without, call records stay here")
    add("--gateway", "default", _name, "name of the Gateway that this replica serves")
    add("--cert", None, Path, "PEM file: this replica's certificate; read anew on change")
    add("--key", None, Path, "PEM file: the certificate's private key")
    add("--ca", None, Path, "PEM file: the authority of our peers' certificates; read anew on change")
    add("--static-config", None, Path, "for development and benchmarks: resources from a YAML or JSON file or folder")
    parser.add_argument("--listen", action="append", help=f"{LISTEN_HELP} (default: {DEFAULT_LISTEN})")
    add(
        "--tls-certificates",
        None,
        _paths,
        "for https listeners: a folder, or cert.pem:key.pem, ...; read anew on change",
    )
    add("--certificate-poll-seconds", "5", _poll_seconds, "how often the files of --cert, --key, --ca are looked at")
    add("--admin-listen", "127.0.0.1:9090", _address, "address for health, metrics and the configuration dump")
    add("--workers", "1", _workers, "number of worker processes")
    add("--data-dir", "data-plane", Path, "folder for the last good configuration and call records")
    add("--node-id", None, _node, "name of this replica; host name and a kept number if not given")
    add("--drain-seconds", "30", _seconds, "how long requests may go on after SIGTERM")
    add(
        "--drain-delay-seconds",
        "0",
        _seconds,
        "how long to accept on after SIGTERM, not ready, so that balancers see it",
    )
    add("--spool-mebibytes", "256", _mebibytes, "bound of the folder with call records")
    add("--last-good-key-file", None, Path, "keys that encrypt the last good configuration; without, it is not kept")
    add("--bootstrap-snapshot", None, str, "file or URL to start from if nothing is kept and no control plane answers")
    add("--bootstrap-ca", None, Path, "PEM file: the authority of an https URL of --bootstrap-snapshot")
    add("--bootstrap-wait-seconds", "5", _seconds, "how long control planes are waited for before --bootstrap-snapshot")
    add("--config-dump-token-file", None, Path, "bearer token for /config on the admin address; without, it is off")
    parser.add_argument(
        "--take-over",
        action="store_true",
        default=environment.get("ISTHMUS_TAKE_OVER") == "1",
        help="take over from the replica that uses the data directory, if there is one: it drains once this one serves",
    )
    return parser


def _listen(given: list[str] | None, environment: Mapping[str, str]) -> tuple[ListenAddress, ...]:
    text = ",".join(given) if given else environment.get("ISTHMUS_LISTEN") or DEFAULT_LISTEN
    try:
        addresses = parse_listen_addresses(text)
    except ValueError as error:
        raise SettingsError(f"argument --listen: {error}") from None
    identities = [address.identity for address in addresses]
    twice = next((each for each in identities if identities.count(each) > 1), None)
    if twice is not None:
        raise SettingsError(f"argument --listen: '{twice}' is there twice")
    return addresses


def _bootstrap(given: argparse.Namespace) -> Bootstrap | None:
    if given.bootstrap_snapshot is None:
        return None
    if given.static_config is not None or given.last_good_key_file is None:
        raise SettingsError(
            "--bootstrap-snapshot goes with --control-planes and needs --last-good-key-file to be opened"
        )
    location: str = given.bootstrap_snapshot
    if "://" in location and not _is_url(location):
        raise SettingsError(
            f"--bootstrap-snapshot '{location.partition('?')[0]}' is not a file, http:// or https:// URL"
        )
    return Bootstrap(location, given.bootstrap_ca, given.bootstrap_wait_seconds)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port number
        return False


def _require_files(given: argparse.Namespace) -> None:
    if given.control_planes or given.collectors:
        for flag in ("cert", "key", "ca"):
            if getattr(given, flag) is None:
                peers = "--control-planes" if given.control_planes else "--collectors"
                raise SettingsError(f"--{flag} is required with {peers}")
    for flag in ("cert", "key", "ca", "static_config", "last_good_key_file", "bootstrap_ca", "config_dump_token_file"):
        path: Path | None = getattr(given, flag)
        if path is not None and not os.access(path, os.R_OK):
            raise SettingsError(f"--{flag.replace('_', '-')} '{path}' cannot be read")


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not host:port")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def _paths(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _addresses(text: str) -> tuple[Address, ...]:
    return tuple(_address(each.strip()) for each in text.split(","))


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a resource's name")
    return text


def _node(text: str) -> str:
    if not NODE_ID.fullmatch(text):
        raise argparse.ArgumentTypeError(f"'{text}' must consist of letters, digits and -_. (at most 128)")
    return text


def _workers(text: str) -> int:
    return _whole(text, 1, MAX_WORKERS)


def _mebibytes(text: str) -> int:
    return _whole(text, 1, 1024 * 1024)


def _whole(text: str, low: int, high: int) -> int:
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {low} to {high}")
    return int(text)


def _poll_seconds(text: str) -> float:
    seconds = _seconds(text)
    if seconds < SHORTEST_POLL_SECONDS:
        raise argparse.ArgumentTypeError(f"'{text}' must be at least {SHORTEST_POLL_SECONDS} seconds")
    return seconds


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds from 0 to 86400")
    return seconds
