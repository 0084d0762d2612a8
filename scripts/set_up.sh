#!/usr/bin/env bash
# Makes the environment in .venv: `set_up.sh runtime` for running Isthmus, `set_up.sh dev` for developing it.
# A stamp makes every later run instant and offline, until a lock file, the Python or the place of the checkout changes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly OLDEST_MINOR=11
readonly INSTALLER_FOLDER=.isthmus/uv
readonly LOG=.isthmus/set-up.log

say() { printf 'set-up: %s\n' "$1" >&2; }
fail() {
    say "$1"
    exit 1
}

# Prints the path of a Python that is new enough; $PYTHON wins over what is on PATH.
find_python() {
    local name path found=""
    for name in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        [[ -n $name ]] && path=$(command -v "$name") || continue
        version=$("$path" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        if [[ ${version%%.*} -eq 3 && ${version#*.} -ge $OLDEST_MINOR ]]; then
            "$path" -c 'import sys; print(sys.executable)'
            return
        fi
        found=${found:-"found $version at $path"}
    done
    fail "isthmus needs Python 3.$OLDEST_MINOR or newer; ${found:-found none on PATH} (name one with PYTHON=/path/to/python3)"
}

# Prints the path of uv, which installs much faster than pip; gets one into the work folder if PATH has none.
find_uv() {
    if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then
        command -v uv
        return
    fi
    if [[ ! -x $INSTALLER_FOLDER/bin/uv ]]; then
        say "getting uv, the installer"
        if "$1" -c 'import ensurepip' 2>/dev/null; then
            logged "$1" -m venv "$INSTALLER_FOLDER"
            logged "$INSTALLER_FOLDER/bin/python" -m pip install -q --require-hashes -r requirements/uv.txt
        elif "$1" -m pip --version >/dev/null 2>&1; then
            logged "$1" -m pip install -q --require-hashes --target "$INSTALLER_FOLDER" -r requirements/uv.txt
        else
            fail "$1 has neither venv nor pip; on Debian: apt-get install python3-venv"
        fi
    fi
    printf '%s\n' "$INSTALLER_FOLDER/bin/uv"
}

# Runs a command silently; when it fails, shows the end of what it said.
logged() {
    if ! "$@" >>"$LOG" 2>&1 </dev/null; then
        tail -n 15 "$LOG" >&2
        fail "'$1 ${*:2:3} ...' failed (whole output: $LOG; the first run needs the network)"
    fi
}

# What the environment was made from.
fingerprint() {
    { pwd; "$1" --version; cat pyproject.toml requirements/build.txt "requirements/$2.txt"; } | cksum
}

main() {
    local set=${1:?"say which set: runtime or dev"} python uv stamp count
    python=$(find_python)
    mkdir -p .isthmus
    # Two commands at once would install into one folder.
    if command -v flock >/dev/null; then
        exec 9>.isthmus/set-up.lock
        flock 9
    fi
    stamp=$(fingerprint "$python" "$set")
    [[ -x .venv/bin/isthmus && -f .venv/set-$set && $(<".venv/set-$set") == "$stamp" ]] && return
    # The development set contains the runtime set.
    if [[ $set == runtime && -x .venv/bin/isthmus && -f .venv/set-dev ]]; then
        [[ $(<.venv/set-dev) == "$(fingerprint "$python" dev)" ]] && return
    fi
    : >"$LOG"
    uv=$(find_uv "$python")
    # A moved environment does not work, nor one whose Python is gone; one that somebody else made here is taken over.
    if ! .venv/bin/python --version >/dev/null 2>&1 || [[ -f .venv/place && $(<.venv/place) != "$(pwd)" ]]; then
        say "making .venv with $("$python" --version)"
        rm -rf .venv
        logged "$uv" venv -q --python "$python" .venv
    fi
    pwd >.venv/place
    count=$(grep -c '^[a-zA-Z0-9]' "requirements/$set.txt")
    say "installing $count packages (about 1 minute)"
    local install=("$uv" pip install -q --python .venv/bin/python)
    # The lock files are complete, but for what nobody uses of what packages ask for.
    logged "${install[@]}" --no-deps --require-hashes -r requirements/build.txt -r "requirements/$set.txt"
    logged "${install[@]}" --no-deps --no-build-isolation --editable .
    printf '%s' "$stamp" >".venv/set-$set"
    say "done"
}

main "$@"
