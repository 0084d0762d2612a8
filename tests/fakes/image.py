"""The image without a container engine: Debian's root by mmdebstrap, and the Dockerfile's steps in it. Needs root."""

import fnmatch
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.tools import ROOT, obtain

SUITE = "bookworm"
FOLDER = ROOT / ".isthmus" / "image"
PREFIX = "opt/isthmus"
STEP_SECONDS = 900
NETWORK_SETTINGS = ("Acquire::Check-Valid-Until", "Acquire::http::Proxy", "Acquire::https::Proxy")
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")  # for machines whose package registry has one of its own
BUILD_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Mounts are gone with the process that made them. /src is what `COPY . /src` brings.
IN_ROOT = """
root=$1; source=$2; shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir -p "$root/mnt/source"
mount --bind -o ro "$source" "$root/mnt/source"
status=0
chroot "$root" "$@" || status=$?
umount "$root/mnt/source"
rmdir "$root/mnt/source"
exit $status
"""


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """What a Dockerfile says of the image that its last stage makes."""

    instructions: tuple[tuple[str, str], ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = "0:0"
    folder: str = "/"
    health: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path = ROOT / "Dockerfile") -> "Dockerfile":
        text = "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
        lines = [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]
        instructions = tuple((line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines)
        last = max(index for index, (name, _) in enumerate(instructions) if name == "FROM")
        values = dict(instructions[last:])  # of each but ENV the last counts
        pairs = [pair for name, value in instructions[last:] if name == "ENV" for pair in shlex.split(value)]
        return cls(
            instructions,
            {name: value for name, _, value in (pair.partition("=") for pair in pairs)},
            values["USER"],
            values["WORKDIR"],
            tuple(json.loads(values["HEALTHCHECK"].partition("CMD ")[2])),
        )


def context(root: Path = ROOT) -> list[Path]:
    """Files that .dockerignore lets through. It has lines of three forms: `*`, `!NAME`, `**/PATTERN`."""
    lines = (root / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    tops = [line.removeprefix("!") for line in patterns if line.startswith("!")]
    ignored = [line.removeprefix("**/") for line in patterns if line.startswith("**/")]
    files = []
    for top in tops:
        found = [root / top] if (root / top).is_file() else (root / top).rglob("*")
        files += [path.relative_to(root) for path in found if path.is_file()]
    return sorted(
        path for path in files if not any(fnmatch.fnmatch(part, each) for part in path.parts for each in ignored)
    )


def make_image() -> Path:
    """The image's root; what was made from the same files before is taken again.

    Raises:
        AssertionError: a step failed.
    """
    assert os.geteuid() == 0, "the image's root is made by root: files belong to several users, as in an image"
    image, stamp = FOLDER / "root", FOLDER / "root.sha256"
    digest = _digest()
    if stamp.is_file() and stamp.read_text() == digest:
        return image
    stamp.unlink(missing_ok=True)
    base = _base()
    source = FOLDER / "source"
    shutil.rmtree(source, ignore_errors=True)
    for path in context():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, source / path)
    build = FOLDER / "build"
    _unpack(base, build)
    _step(build, source, "prepare")
    _step(build, source, "build", f"/{PREFIX}", "full")
    _unpack(base, image)
    _step(image, source, "runtime")
    _run(["cp", "-a", str(build / PREFIX), str(image / PREFIX)])
    _step(image, source, "verify", f"/{PREFIX}")
    _forget_machine(image)
    shutil.rmtree(build)
    stamp.write_text(digest)
    return image


def _digest() -> str:
    digest = hashlib.sha256()
    for path in context():
        digest.update(f"\0{path}\0".encode() + (ROOT / path).read_bytes())
    return digest.hexdigest()


def _base() -> Path:
    """Debian's smallest root as an archive, as the Dockerfile's base is."""
    base = FOLDER / f"{SUITE}.tar"
    if not base.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        draft = base.with_suffix(".new.tar")
        sources = _sources()
        _run(
            [
                *("perl", str(_program("mmdebstrap")), "--quiet", "--mode=root", "--variant=minbase"),
                *(f"--aptopt={line}" for line in _network_settings()),
                *(SUITE, str(draft), *sources),
            ]
        )
        draft.rename(base)
    return base


def _program(name: str) -> Path:
    """The script itself, where the tool is one that was unpacked."""
    unpacked = ROOT / ".isthmus" / "tools" / f"{name}.unpacked" / "usr" / "bin" / name
    found = obtain(name)
    return unpacked if unpacked.exists() else found


def _sources() -> list[str]:
    """This machine's package sources of the suite, as apt reads them."""
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
    listed = _run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"]).split()
    suites = {SUITE, f"{SUITE}-updates", f"{SUITE}-security"}
    parts = sorted({tuple(line.split("|")) for line in listed})
    sources = [f"deb {uri} {suite} main" for uri, suite, component in parts if suite in suites and component == "main"]
    assert sources, f"apt of this machine knows no packages of Debian {SUITE}"
    return sources


def _network_settings() -> list[str]:
    """How this machine's apt gets packages, where that is special."""
    lines = _run(["apt-config", "dump"]).splitlines()
    return [line for line in lines if line.split()[0] in NETWORK_SETTINGS and not line.endswith('"";')]


def _unpack(base: Path, root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    _run(["tar", "-xpf", str(base), "-C", str(root), "--exclude=./dev/*"])
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    if AUTHORITIES.exists():
        shutil.copy(AUTHORITIES, root / "etc" / "machine-ca.crt")
    if (settings := Path("/etc/pip.conf")).exists():
        shutil.copy(settings, root / "etc" / "pip.conf")


def _forget_machine(root: Path) -> None:
    """Remove what only helped to reach this machine's registries."""
    for name in ("machine-ca.crt", "pip.conf", "resolv.conf", "apt/apt.conf.d/99mmdebstrap"):
        (root / "etc" / name).unlink(missing_ok=True)


def _step(root: Path, source: Path, *step: str) -> None:
    """As the Dockerfile's RUN."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("PIP_INDEX_URL")}
    environment |= {"PATH": BUILD_PATH, "HOME": "/root", "SOURCE_DATE_EPOCH": "0"}
    if step[0] == "build" and AUTHORITIES.exists():
        environment["PIP_CERT"] = "/etc/machine-ca.crt"
    argv = ["unshare", "--mount", "--propagation=private", "bash", "-euc", IN_ROOT, "step", str(root), str(source)]
    _run([*argv, "/mnt/source/build/rootfs.sh", *step], environment)


def _run(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STEP_SECONDS,
        check=False,
    )
    said = re.sub(r"://[^/\s]+", "://...", done.stderr[-3000:])
    assert done.returncode == 0, f"{' '.join(argv[-4:])} ended with {done.returncode}:\n{said}"
    return done.stdout
