#!/usr/bin/env bash
# The steps of the image. The Dockerfile runs them in a container engine, tests/image/ without one: nothing else does
# anything to the image's files.
#
#   rootfs.sh prepare          in the build root: what `build` needs, from Debian's packages
#   rootfs.sh build PREFIX CONTENT
#                              in the build root: the program with all it imports, and its list of contents, in PREFIX;
#                              CONTENT is full, or slim: without the collector's embedded store
#   rootfs.sh runtime          in the final root: Python, the user, the data directory; and away with what is not needed
#   rootfs.sh verify PREFIX    in the final root, with PREFIX copied into it: that all is as it must be
#
# SOURCE_DATE_EPOCH (seconds) becomes the date of every file that `build` makes.
set -euo pipefail

readonly ID=65532 # as in other images without root; the chart sets the same
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly SOURCE
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}

main() {
    local step=${1:-} prefix=${2:-} content=${3:-}
    case $step in
        prepare) prepare ;;
        build) build "${prefix:?"build needs a folder"}" "${content:?"build needs full or slim"}" ;;
        runtime) runtime ;;
        verify) verify "${prefix:?"verify needs a folder"}" ;;
        *) fail "give prepare, build PREFIX CONTENT, runtime or verify PREFIX" ;;
    esac
}

say() { printf 'rootfs: %s\n' "$1" >&2; }
fail() {
    say "$1"
    exit 1
}

prepare() {
    install_packages ca-certificates gcc libc6-dev python3 python3-dev python3-venv
}

runtime() {
    install_packages ca-certificates python3
    groupadd --system --key "SYS_GID_MAX=$ID" --gid "$ID" isthmus
    useradd --system --key "SYS_UID_MAX=$ID" --uid "$ID" --gid "$ID" --home-dir /data --no-create-home --shell /usr/sbin/nologin isthmus
    install -d -m 0700 -o "$ID" -g "$ID" /data
    ln -sf python3 /usr/bin/python
    # Nobody becomes somebody else in there.
    find / -xdev -perm /6000 -type f -exec chmod a-s {} +
    find /usr/share/doc -type f ! -name copyright -delete
    find /usr/share/doc -type d -empty -delete
    rm -rf /usr/share/{info,locale,man,lintian} /var/cache/* /var/lib/apt/lists/* /var/log/*
    rm -rf /usr/lib/python3*/{ensurepip,idlelib,lib2to3,test,turtledemo}
    # What differs from one build to the next, or belongs to one machine.
    rm -f /etc/machine-id /etc/{passwd,group,shadow,gshadow,subuid,subgid}- /var/lib/dpkg/*-old
}

install_packages() {
    apt-get update -q
    apt-get install -q -y --no-install-recommends "$@"
    apt-get clean
}

build() {
    local prefix=$1 locks=$SOURCE/requirements/image-$2.txt work
    [[ -f $locks ]] || fail "the content is full or slim, not '$2'"
    work=$(mktemp -d)
    say "installing what builds"
    python3 -m venv "$work/builder"
    local pip=("$work/builder/bin/python" -m pip --disable-pip-version-check)
    local locked=(install -q --require-hashes --only-binary=:all: --no-deps)
    "${pip[@]}" "${locked[@]}" -r "$SOURCE/requirements/image-build.txt"
    "${pip[@]}" "${locked[@]}" -r "$SOURCE/requirements/runtime.txt" # for the types that mypyc sees

    say "installing what runs"
    python3 -m venv --without-pip "$prefix"
    "${pip[@]}" --python "$prefix/bin/python" "${locked[@]}" -r "$locks"
    "${pip[@]}" wheel -q --no-deps --no-build-isolation --no-index --wheel-dir "$work" "$SOURCE"
    "${pip[@]}" --python "$prefix/bin/python" install -q --no-deps --no-index "$work"/isthmus-*.whl

    say "compiling the request path"
    local packages
    packages=$("$prefix/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    (cd "$SOURCE" && CC=gcc "$work/builder/bin/python" -m scripts.compile --out "$work/compiled")
    # Beside their sources in the one place that packages are imported from: no path to set, and so none to forget.
    (cd "$work/compiled" && find . -name '*.so' -exec cp --parents -t "$packages" {} +)
    (cd "$SOURCE" && "$work/builder/bin/python" -c 'from scripts.compile import modules; print(*modules(), sep="\n")') \
        >"$prefix/compiled.txt"

    say "listing what is in it"
    "$work/builder/bin/cyclonedx-py" environment --output-reproducible --pyproject "$SOURCE/pyproject.toml" \
        --output-format JSON --output-file "$prefix/sbom.cdx.json" "$prefix/bin/python"

    find "$prefix" -depth -type d \( -name tests -o -name __pycache__ \) -path '*/site-packages/*' -exec rm -rf {} +
    find "$prefix" -type f \( -name '*.h' -o -name '*.pxd' -o -name '*.pyx' -o -name '*.c' -o -name '*.a' -o -name '*.map' \) -delete
    # Symbols for debuggers, which some wheels bring: 51 MiB. Binaries with appended data, as the store's, are left alone.
    find "$packages" -type f -name '*.so*' ! -path "$packages/chdb/*" -exec strip --strip-debug {} +
    rm -rf "$prefix/include" "$prefix"/bin/{activate,activate.*,Activate.ps1}
    # Nothing writes byte code where the root is read-only. Checked by content: the same for the same sources.
    "$prefix/bin/python" -m compileall -q --invalidation-mode unchecked-hash "$packages"
    find "$prefix" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    rm -rf "$work"
}

verify() {
    local prefix=$1 found name
    export PATH=$prefix/bin:$PATH
    found=$(find_files -perm /6000 -type f)
    [[ -z $found ]] || fail "files that run as somebody else: $found"
    found=$(find_files -perm -0002 ! -type l ! -type c ! -perm -1000)
    [[ -z $found ]] || fail "files that everybody can write: $found"
    found=$(find_files \( -name Python.h -o -name pip -o -name 'pip3*' -o -name ensurepip -o -name '*.a' \))
    [[ -z $found ]] || fail "only for building, and not wanted here: $found"
    for name in cc gcc c++ ld as make pip pip3 curl wget; do
        ! command -v "$name" >/dev/null || fail "there is a '$name'"
    done
    for name in isthmus isthmus-{collector,control-plane,data-plane,health} python sleep; do
        command -v "$name" >/dev/null || fail "no '$name' on PATH"
    done
    [[ $(stat -c %u:%g:%a /data) == "$ID:$ID:700" ]] || fail "/data must belong to $ID"
    "$prefix/bin/python" -P - "$prefix" <<'PYTHON'
import importlib
import sys
from importlib.util import cache_from_source
from pathlib import Path

prefix = Path(sys.argv[1])
paths = (prefix / "compiled.txt").read_text().split()
modules = [importlib.import_module(path.removesuffix(".py").replace("/", ".")) for path in paths]
interpreted = [module.__name__ for module in modules if not str(module.__file__).endswith(".so")]
if interpreted or not modules:
    sys.exit(f"rootfs: not compiled: {', '.join(interpreted) or 'anything'}")
bare = [str(path) for path in prefix.rglob("site-packages/**/*.py") if not Path(cache_from_source(str(path))).exists()]
if bare:
    sys.exit(f"rootfs: without byte code: {', '.join(bare)}")
print(f"rootfs: {len(modules)} modules of the request path are compiled", file=sys.stderr)
PYTHON
}

# Prints files of the image; what is mounted for the time of the build does not belong to it.
find_files() {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path "$SOURCE" \) -prune -o "$@" -print
}

main "$@"
