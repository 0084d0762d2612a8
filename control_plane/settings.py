"""What the command line and the environment say. A flag wins over its `ISTHMUS_*` variable."""

import argparse
import ipaddress
import math
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NoReturn

DESCRIPTION = "One control plane of Isthmus: the REST API, and the discovery service for replicas."
EPILOG = (
    "Every flag can be given as an environment variable: ISTHMUS_ and its name, as ISTHMUS_ETCD_CA for --etcd-ca. "
    "Several control planes on one etcd behave as one. SIGTERM ends it cleanly; a second one ends it at once."
)
NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,126}[A-Za-z0-9])?")
TRUST_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9._]{0,253}[a-z0-9])?")


class SettingsError(Exception):
    """One line for the operator."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0: any that is free."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class EtcdAccess:
    """How to reach etcd; what is None is not used."""

    endpoints: tuple[str, ...]
    ca: Path | None
    cert: Path | None
    key: Path | None
    username: str
    password_file: Path | None


@dataclass(frozen=True, slots=True)
class ApiAccess:
    """Where the REST API listens. `certificate` and `key` None: plain HTTP, on loopback only."""

    listen: Address
    certificate: Path | None
    key: Path | None


@dataclass(frozen=True, slots=True)
class DiscoveryAccess:
    """Where replicas connect, always with mutual TLS."""

    listen: Address
    certificate: Path
    key: Path
    authority: Path
    trust_domain: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one control plane."""

    name: str
    etcd: EtcdAccess
    api: ApiAccess
    discovery: DiscoveryAccess
    health_listen: Address
    certificate_poll_seconds: float
    master_key_file: Path
    last_good_key_file: Path | None
    bootstrap_token_file: Path | None


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
    _require(given, "etcd_endpoints", "discovery_cert", "discovery_key", "discovery_ca", "master_key_file")
    _require_files(given)
    if bool(given.tls_cert) != bool(given.tls_key):
        raise SettingsError("--tls-cert and --tls-key go together")
    if not given.tls_cert and not given.listen.is_loopback:
        raise SettingsError(
            f"--listen {given.listen} is not loopback: give --tls-cert and --tls-key, or listen on 127.0.0.1"
        )
    return Settings(
        name=given.name or default_name(),
        etcd=EtcdAccess(
            given.etcd_endpoints,
            given.etcd_ca,
            given.etcd_cert,
            given.etcd_key,
            given.etcd_username,
            given.etcd_password_file,
        ),
        api=ApiAccess(given.listen, given.tls_cert, given.tls_key),
        discovery=DiscoveryAccess(
            given.discovery_listen, given.discovery_cert, given.discovery_key, given.discovery_ca, given.trust_domain
        ),
        health_listen=given.health_listen,
        certificate_poll_seconds=given.certificate_poll_seconds,
        master_key_file=given.master_key_file,
        last_good_key_file=given.last_good_key_file,
        bootstrap_token_file=given.bootstrap_token_file,
    )


def default_name() -> str:
    """The host's name and this process's number: several control planes may share a host."""
    host = re.sub(r"[^A-Za-z0-9]+", "-", socket.gethostname()).strip("-")[:100] or "host"
    return f"{host}-{os.getpid()}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(message)  # argparse's own prints several lines


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(prog="isthmus-control-plane", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=package_version())

    def add(flag: str, default: str | None, kind: type | object, text: str) -> None:
        value = environment.get("ISTHMUS_" + flag.removeprefix("--").replace("-", "_").upper(), default)
        shown = f"{text} (default: {default})" if default else text
        parser.add_argument(flag, default=value or None, type=kind, help=shown)  # type: ignore[arg-type]

    add("--name", None, _name, "name of this control plane; host name and process number if not given")
    add("--etcd-endpoints", None, _endpoints, "etcd's addresses, http://host:port,... or https://host:port,...")
    add("--etcd-ca", None, Path, "PEM file: the authority of etcd's certificates; read anew when it changes")
    add("--etcd-cert", None, Path, "PEM file: our certificate for etcd; read anew when it changes")
    add("--etcd-key", None, Path, "PEM file: the private key of --etcd-cert")
    add("--etcd-username", None, str, "etcd user, if etcd asks for one")
    add("--etcd-password-file", None, Path, "file with the password of --etcd-username")
    add("--listen", "127.0.0.1:8443", _address, "address of the REST API; off loopback it must have TLS")
    add("--tls-cert", None, Path, "PEM file: certificate of the REST API; read anew when it changes")
    add("--tls-key", None, Path, "PEM file: the private key of --tls-cert")
    add("--discovery-listen", "0.0.0.0:8444", _address, "address for replicas")
    add("--discovery-cert", None, Path, "PEM file: certificate of the discovery service; read anew when it changes")
    add("--discovery-key", None, Path, "PEM file: the private key of --discovery-cert")
    add(
        "--discovery-ca", None, Path, "PEM file: the authority of the replicas' certificates; read anew when it changes"
    )
    add("--trust-domain", "isthmus.local", _trust_domain, "trust domain of the replicas' SPIFFE ids")
    add("--health-listen", "127.0.0.1:8445", _address, "address for /healthz, /readyz and /metrics")
    add("--certificate-poll-seconds", "5", _seconds, "how often certificate files are looked at for new ones")
    add("--master-key-file", None, Path, "keys that encrypt secrets in the store: lines of <key id>:<base64>")
    add("--last-good-key-file", None, Path, "the replicas' key file: seals bootstrap snapshots; without, none are made")
    add("--bootstrap-token-file", None, Path, "the first admin token; written, 0600, if the file does not exist")
    return parser


def _require(given: argparse.Namespace, *names: str) -> None:
    missing = [f"--{name.replace('_', '-')}" for name in names if not getattr(given, name)]
    if missing:
        raise SettingsError(f"required: {', '.join(missing)}; --help explains each")


def _require_files(given: argparse.Namespace) -> None:
    for flag, path in sorted(vars(given).items()):
        # The bootstrap token's file is made if it is missing.
        if (
            isinstance(path, Path)
            and flag != "bootstrap_token_file"
            and not (path.is_file() and os.access(path, os.R_OK))
        ):
            raise SettingsError(f"--{flag.replace('_', '-')} '{path}' is not a file that can be read")


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not host:port")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.05 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"'{text}' must be a number of seconds, from 0.05 to 3600")
    return seconds


def _endpoints(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"'{text}' must consist of letters, digits and -_. (at most 128)")
    return text


def _trust_domain(text: str) -> str:
    if not TRUST_DOMAIN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a trust domain, such as 'isthmus.local'")
    return text
