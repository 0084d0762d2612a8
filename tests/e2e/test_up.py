"""`isthmus up` as a newcomer meets it: what it prints works when pasted, and nothing stays behind."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control_plane.cli.child_process import start_child
from control_plane.cli.client import Access, Client
from control_plane.cli.detect import KNOWN
from control_plane.cli.etcd_binary import EtcdBinary
from tests.fakes.collector import ask_store
from tests.fakes.probe import CHAT, ask

UP_SECONDS = 40.0
END_SECONDS = 20.0
POLL_SECONDS = 0.05
READY = "Ctrl-C stops everything."
ISTHMUS = (sys.executable, "-m", "control_plane.cli.main")


class Up:
    """One `isthmus up` of its own data directory, on free ports."""

    def __init__(self, folder: Path, environment: dict[str, str], *flags: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.data_dir = folder / "data"
        self.env_file = self.data_dir / "env"
        self.environment = environment
        self._argv = [*ISTHMUS, "up", "--data-dir", str(self.data_dir), *flags]
        self._terminal = folder / "terminal"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def printed(self) -> str:
        return self._terminal.read_text()

    async def start(self) -> None:
        """Start it and wait until it says that it runs."""
        self._terminal.write_bytes(b"")
        self._process = start_child(self._argv, self._terminal, env=self.environment)
        await until(lambda: READY in self.printed() or self.process.poll() is not None, UP_SECONDS, self.printed)
        assert READY in self.printed(), self.printed()

    async def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return await asyncio.to_thread(self.process.wait, END_SECONDS)

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(END_SECONDS)

    def paste(self, script: str) -> str:
        """Give it to a shell that has read the file of variables, and return what comes out."""
        done = subprocess.run(
            ["bash", "-euc", f". '{self.env_file}'\n{script}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=END_SECONDS,
            env={**os.environ, **self.environment},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def variables(self) -> dict[str, str]:
        lines = self.paste("env").splitlines()
        return dict(line.split("=", 1) for line in lines if line.startswith("ISTHMUS_"))

    def between(self, first: str, last: str) -> str:
        """What it printed between two lines."""
        return self.printed().partition(first)[2].partition(last)[0].strip("\n")


Make = Callable[..., Up]


@pytest.fixture
def make_up(etcd_binary: EtcdBinary, tmp_path: Path) -> Iterator[Make]:
    """Without keys of providers in the environment, and with etcd on the path."""
    environment = {known.variable: "" for known in KNOWN}
    environment["PATH"] = f"{etcd_binary.path.parent}:{os.environ['PATH']}"
    made: list[Up] = []

    def make(name: str, *flags: str) -> Up:
        made.append(Up(tmp_path / name, environment, *flags))
        return made[-1]

    yield make
    for up in made:
        up.end()


async def test_what_it_prints_works_when_pasted_and_ctrl_c_leaves_nothing(make_up: Make) -> None:
    up = make_up("one", "--ephemeral")
    await up.start()
    answer = json.loads(up.paste(up.between("Call it:\n", "With the OpenAI SDK")))
    assert answer["choices"][0]["message"]["content"]
    snippet = up.folder / "snippet.py"
    snippet.write_text(up.between("(pip install openai):\n", "Steer it"))
    lines = up.paste(f"{sys.executable} {snippet}").splitlines()
    assert len(lines) == 2, lines  # whole, and as a stream
    assert all(lines)

    assert up.env_file.stat().st_mode & 0o777 == 0o600
    variables = up.variables()
    names = ("ISTHMUS_ADMIN_TOKEN", "ISTHMUS_ADMIN_URL", "ISTHMUS_API_KEY", "ISTHMUS_MODEL", "ISTHMUS_URL")
    assert all(variables[name] for name in names)
    assert all(variables[name] in up.printed() for name in names if name != "ISTHMUS_ADMIN_TOKEN")
    assert variables["ISTHMUS_ADMIN_TOKEN"] not in up.printed()
    isthmus = " ".join(ISTHMUS)
    assert variables["ISTHMUS_MODEL"] in up.paste(f"{isthmus} get models")
    assert "Current" in up.paste(f"{isthmus} status")

    children = descendants(up.process.pid)
    assert len(children) >= 5  # etcd, control plane, demo server, agent, worker
    assert await up.interrupt() == 0
    assert not up.env_file.exists()
    assert not [pid for pid in children if is_alive(pid)]
    assert not (up.data_dir / "etcd").exists()


async def test_killed_it_leaves_no_child_and_starts_again_with_data_and_key(make_up: Make) -> None:
    up = make_up("one")
    await up.start()
    before = up.variables()
    access = Access(before["ISTHMUS_ADMIN_URL"], before["ISTHMUS_ADMIN_TOKEN"])
    team = {"apiVersion": "isthmus.dev/v1", "kind": "Team", "metadata": {"name": "search"}, "spec": {}}
    async with Client(access) as client:
        await client.request("POST", "/v1/tenants/default/teams", body=team)
    children = descendants(up.process.pid)
    up.process.kill()
    up.process.wait(END_SECONDS)
    await until(lambda: not [pid for pid in children if is_alive(pid)], END_SECONDS, lambda: "a child lives")

    await up.start()
    after = up.variables()
    assert [after[name] for name in ("ISTHMUS_API_KEY", "ISTHMUS_ADMIN_TOKEN", "ISTHMUS_MODEL")] == [
        before[name] for name in ("ISTHMUS_API_KEY", "ISTHMUS_ADMIN_TOKEN", "ISTHMUS_MODEL")
    ]
    async with Client(Access(after["ISTHMUS_ADMIN_URL"], after["ISTHMUS_ADMIN_TOKEN"])) as client:
        assert (await client.request("GET", "/v1/tenants/default/teams/search"))["metadata"]["name"] == "search"
    assert await call(after) == 200
    assert await up.interrupt() == 0


@pytest.mark.long
async def test_with_a_collector_calls_end_up_in_its_store(make_up: Make) -> None:
    up = make_up("one", "--collector")
    await up.start()
    json.loads(up.paste(up.between("Call it:\n", "With the OpenAI SDK")))
    records = up.data_dir / "replica" / "records"
    await until(lambda: not any(file.stat().st_size for file in records.glob("*.jsonl")), UP_SECONDS, up.printed)
    assert await up.interrupt() == 0
    (counted,) = ask_store(up.data_dir / "collector", "SELECT count() FROM isthmus.call_records FINAL")
    assert counted == [[1]]


async def test_two_run_side_by_side(make_up: Make) -> None:
    ups = [make_up("one", "--ephemeral"), make_up("two", "--ephemeral")]
    await asyncio.gather(*(up.start() for up in ups))
    first, second = (up.variables() for up in ups)
    assert [await call(first), await call(second)] == [200, 200]
    assert await call({**first, "ISTHMUS_API_KEY": second["ISTHMUS_API_KEY"]}) == 401
    assert await asyncio.gather(*(up.interrupt() for up in ups)) == [0, 0]


@pytest.mark.parametrize("flag", ["--port", "--admin-port"])
def test_an_occupied_port_is_one_line(make_up: Make, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        up = make_up("one", "--ephemeral", flag, str(port))
        argv = [*ISTHMUS, "up", "--ephemeral", "--data-dir", str(up.data_dir), flag, str(port)]
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=END_SECONDS, env={**os.environ, **up.environment}
        )
    assert done.returncode != 0
    line = f"isthmus: port {port} is in use; stop what uses it or give another with {flag}"
    assert (done.stdout + done.stderr).splitlines() == [line]
    assert not up.env_file.exists()


async def call(variables: dict[str, str]) -> int:
    """The status of a call with what the file of variables says."""
    url = f"{variables['ISTHMUS_URL']}/v1/chat/completions"
    return (await ask(url, variables["ISTHMUS_API_KEY"], {**CHAT, "model": variables["ISTHMUS_MODEL"]})).status


async def until(condition: Callable[[], object], seconds: float, tell: Callable[[], str]) -> None:
    """Wait until it holds: processes tell nobody."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, tell()
        await asyncio.sleep(POLL_SECONDS)


def descendants(pid: int) -> list[int]:
    """The processes below it."""
    parents = {int(entry.name): parent for entry in Path("/proc").glob("[0-9]*") if (parent := parent_of(entry))}
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def parent_of(entry: Path) -> int:
    """0 for a process that has ended."""
    try:
        state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == "Z" else int(parent)


def is_alive(pid: int) -> bool:
    return parent_of(Path(f"/proc/{pid}")) != 0
