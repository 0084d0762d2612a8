"""The chart's smaller programs: what waits for the admin API, checks a release, and writes backups."""

import json
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.charts.chart_files import FILES, load

REPLICA = {"node": "a", "gateway": "default", "connected": True, "state": "Current"}
READY = {"/v1/status": {"version": "1.2.3"}, "/v1/replicas": {"items": [REPLICA]}, "/": {}}


@contextmanager
def serve(documents: dict[str, Any], headers: dict[str, str]) -> Iterator[str]:
    """Answers by path, 404 for others; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(documents.get(self.path, {})).encode()
            self.send_response(200 if self.path in documents else 404)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(program: str, *arguments: str, url: str = "", path: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {"ISTHMUS_ADMIN_URL": url, "ISTHMUS_ADMIN_CA": "", "ISTHMUS_ADMIN_TOKEN": "secret-token"}
    if path:
        environment["PATH"] = f"{path}:/usr/bin:/bin"
    argv = [sys.executable, str(FILES / program), *arguments]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=30, check=False)


def check(documents: dict[str, Any], headers: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    with serve(documents, headers) as url:
        return run("check_release.py", "--gateway=default", f"--traffic={url}", url=url)


def test_a_release_that_works_passes() -> None:
    done = check(READY, {"x-isthmus-request-id": "r"})
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.partition(": ok")[1] for line in done.stdout.splitlines()] == [": ok"] * 3


@pytest.mark.parametrize(
    ("documents", "headers", "said"),
    [
        ({**READY, "/v1/replicas": {"items": []}}, {"x-isthmus-request-id": "r"}, "no replica of the gateway"),
        (
            {**READY, "/v1/replicas": {"items": [{**REPLICA, "state": "Rejecting"}]}},
            {"x-isthmus-request-id": "r"},
            "a refuse their configuration",
        ),
        (READY, {}, "that is not the gateway"),
        ({"/": {}}, {"x-isthmus-request-id": "r"}, "admin API: FAILED: HTTP Error 404"),
    ],
    ids=["no replica", "refused", "something else answers", "no admin API"],
)
def test_a_release_that_does_not_work_fails_and_says_why(
    documents: dict[str, Any], headers: dict[str, str], said: str
) -> None:
    done = check(documents, headers)
    assert done.returncode == 1
    assert said in done.stdout
    assert "secret-token" not in done.stdout + done.stderr


def test_a_command_waits_for_the_api_and_takes_the_place_of_what_waited() -> None:
    with serve({"/readyz": {}}, {}) as url:
        done = run("when_ready.py", "--seconds=5", "--", sys.executable, "-c", "exit(7)", url=url)
    assert done.returncode == 7


def test_waiting_ends_at_its_deadline_with_the_reason() -> None:
    now, asked = [0.0], []

    def ask() -> None:
        asked.append(now[0])
        raise OSError("connection refused")

    def sleep(seconds: float) -> None:
        now[0] += seconds

    assert load("when_ready").wait(ask, 3, lambda: now[0], sleep) == "connection refused"
    assert asked == [0, 1, 2, 3]


def test_only_the_newest_backups_stay() -> None:
    names = ["isthmus-20261103T021500Z.backup", "isthmus-20261101T021500Z.backup", "isthmus-20261102T021500Z.backup"]
    surplus = load("write_backup").surplus
    assert surplus([*names, "default.snapshot", "notes.txt"], 2) == ["isthmus-20261101T021500Z.backup"]
    assert surplus(names, 3) == []


@pytest.mark.parametrize(("status", "left"), [(0, 2), (1, 2)], ids=["written", "failed"])
def test_a_failed_backup_takes_none_away(status: int, left: int, tmp_path: Path) -> None:
    programs, folder = tmp_path / "bin", tmp_path / "backup"
    programs.mkdir()
    folder.mkdir()
    for day in (1, 2):
        (folder / f"isthmus-2026110{day}T021500Z.backup").touch()
    program = programs / "isthmus"
    write = f'case $each in --sealed=*|--output=*) [ {status} = 0 ] && : > "${{each#*=}}";; esac'
    program.write_text(f"#!/bin/sh\nfor each; do {write}; done\nexit {status}\n")
    program.chmod(stat.S_IRWXU)
    done = run("write_backup.py", f"--folder={folder}", "--keep=2", "--snapshot=edge", path=str(programs))
    assert done.returncode == status
    backups = sorted(each.name for each in folder.glob("*.backup"))
    assert len(backups) == left
    assert ("isthmus-20261101T021500Z.backup" in backups) == bool(status)
    assert (folder / "edge.snapshot").exists() == (not status)
