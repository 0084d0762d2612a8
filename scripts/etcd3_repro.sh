#!/bin/sh
# Shows why the `etcd3` package is not used (docs/adr/0001-own-etcd-client.md), in an environment of its own.
# Needs uv, and an etcd on PATH or in .isthmus/bin. Changes nothing outside a temporary folder.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
etcd=$(PATH="$PATH:$root/.isthmus/bin" command -v etcd)
uv venv --quiet --python "${PYTHON:-python3}" "$work/venv"
python="$work/venv/bin/python"

for protobuf in 7.36.2 6.33.5 5.29.5 4.25.8 3.20.3; do
    uv pip install --quiet --python "$python" etcd3==0.12.0 "protobuf==$protobuf"
    printf 'etcd3 0.12.0 with protobuf %s: ' "$protobuf"
    "$python" -W ignore -c 'import etcd3' 2>"$work/error" && echo "imports" || grep -m1 '^TypeError' "$work/error"
done

# The last one imports: see what its watch does when etcd restarts.
"$python" -W ignore - "$etcd" "$work" <<'PYTHON'
import socket, subprocess, sys, time, urllib.request
import etcd3

def start():
    return subprocess.Popen(
        [sys.argv[1], f"--data-dir={sys.argv[2]}/data", f"--listen-client-urls={url}", f"--advertise-client-urls={url}",
         f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

def wait_ready():
    for _ in range(200):
        try:
            if b"true" in urllib.request.urlopen(f"{url}/health", timeout=1).read():
                return
        except OSError:
            time.sleep(0.05)

sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
ports = [opened.getsockname()[1] for opened in sockets]
for opened in sockets:
    opened.close()
url, peer = (f"http://127.0.0.1:{port}" for port in ports)
server = start()
try:
    wait_ready()
    client = etcd3.client(port=ports[0], timeout=2)
    seen = []
    client.add_watch_callback("/a", seen.append)
    client.put("/a", "1")
    time.sleep(0.5)
    server.kill(); server.wait(); server = start(); wait_ready()
    writer = etcd3.client(port=ports[0], timeout=2)
    writer.put("/a", "2")
    time.sleep(2)
    got = [event.value.decode() for item in seen for event in getattr(item, "events", [])]
    rest = [type(item).__name__ for item in seen if not getattr(item, "events", None)]
    print(f"watch over a restart of etcd: written 1, 2; seen {', '.join(got)}; then {', '.join(rest) or 'nothing'}")
finally:
    server.kill(); server.wait()
PYTHON
