"""A snapshot is served while nothing else is to be had, and never in place of what a control plane gave."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from data_plane.agent import bootstrap_snapshot
from data_plane.agent.agent import Served
from data_plane.agent.bootstrap_snapshot import Bootstrap, Location
from data_plane.agent.messages import Commit
from data_plane.config.last_good import LastGoodFile, Opener, Saved
from data_plane.config.rejection import Rejection
from data_plane.config.resource_set import Payload, Position, ResourceSet
from data_plane.config.subscriber import ConfigUpdate

KEY = b"k" * 32
PATH = "t/Model/a"


@dataclass
class FakeAgent:
    """Serves whatever has no `bad` in its path."""

    served: Served = field(default_factory=Served)
    resources: dict[str, bytes] = field(default_factory=dict)

    async def apply(self, update: ConfigUpdate) -> Sequence[Rejection]:
        if bad := [Rejection(path, "is bad") for path in update.changed if "bad" in path]:
            return bad
        self.resources.update(update.changed)
        self.served.commit = Commit(update.epoch, update.revision, update.content_hash)
        return ()


@dataclass
class FakeDiscovery:
    """Connects when it is told to, and then gives one update."""

    agent: FakeAgent
    connected_to: str | None = None
    started: list[Mapping[str, bytes]] = field(default_factory=list)
    position: Position | None = None
    runs: int = 0
    gives: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_current(self) -> bool:
        return self.connected_to is not None

    def start_from(self, resources: ResourceSet) -> None:
        self.started.append(dict(resources.payloads))
        self.position = resources.position

    async def run(self) -> None:
        self.runs += 1
        await self.gives.wait()
        self.connected_to = "cp"
        await self.agent.apply(ConfigUpdate("e2", 1, "ff", {"t/Model/new": b"{}"}, ()))
        await asyncio.Event().wait()


@dataclass
class World:
    agent: FakeAgent
    discovery: FakeDiscovery
    bootstrap: Bootstrap


def content(folder: Path, *paths: str, gateway: str = "edge", schema_version: int = 2, key: bytes = KEY) -> bytes:
    made = ResourceSet()
    made.apply({path: Payload.of(path, b"{}") for path in paths or (PATH,)}, Position("e1", 7))
    LastGoodFile(folder / "made", (key,), gateway=gateway, schema_version=schema_version).save(Saved.of(made))
    return (folder / "made").read_bytes()


@contextlib.asynccontextmanager
async def running(location: Location, *, wait_seconds: float = 0.1) -> AsyncIterator[World]:
    agent = FakeAgent()
    discovery = FakeDiscovery(agent)
    opener = Opener((KEY,), "edge", (2, 1))
    bootstrap = Bootstrap(
        location, opener, scratch=Path("/nowhere"), wait_seconds=wait_seconds, uniform=lambda low, high: 0.02
    )
    run = bootstrap.run(discovery, agent)  # type: ignore[arg-type]  # what it needs of both is there
    task = asyncio.get_running_loop().create_task(run)
    try:
        yield World(agent, discovery, bootstrap)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5.0):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def file(tmp_path: Path) -> Location:
    (tmp_path / "snapshot").write_bytes(content(tmp_path))
    return Location(str(tmp_path / "snapshot"))


async def test_it_is_served_once_control_planes_were_waited_for(file: Location) -> None:
    async with running(file) as world:
        await asyncio.sleep(0.05)
        assert world.agent.served.commit is None
        await until(lambda: world.bootstrap.is_served(world.agent))  # type: ignore[arg-type]
        assert list(world.agent.resources) == [PATH]
        await until(lambda: world.discovery.runs == 2)
        assert (world.discovery.started, world.discovery.position) == ([{PATH: b"{}"}], Position("e1", 7))


async def test_the_first_control_plane_that_answers_replaces_it(file: Location) -> None:
    async with running(file) as world:
        await until(lambda: world.discovery.runs == 2)
        world.discovery.gives.set()
        await until(lambda: "t/Model/new" in world.agent.resources)
        assert not world.bootstrap.is_served(world.agent)  # type: ignore[arg-type]


async def test_a_control_plane_that_has_the_same_confirms_it(file: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap_snapshot, "CONFIRM_SECONDS", 0.01)
    async with running(file) as world:
        await until(lambda: world.discovery.runs == 2)
        assert world.bootstrap.is_served(world.agent)  # type: ignore[arg-type]
        world.discovery.connected_to = "cp"  # and sends nothing, as there is no difference
        await until(lambda: not world.bootstrap.is_served(world.agent))  # type: ignore[arg-type]
        assert list(world.agent.resources) == [PATH]


@pytest.mark.parametrize("is_served", [True, False], ids=["which serves", "which is about to send"])
async def test_it_is_not_read_while_a_control_plane_answers(file: Location, is_served: bool) -> None:
    async with running(file, wait_seconds=0.05) as world:
        world.discovery.connected_to = "cp"
        if is_served:
            world.discovery.gives.set()
        await asyncio.sleep(0.2)
        assert (world.discovery.runs, PATH in world.agent.resources) == (1, False)


async def test_a_control_plane_that_answers_while_it_is_fetched_wins(tmp_path: Path) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        asked.set()
        await go_on.wait()

    async with serving([web.Response(body=content(tmp_path))], before=wait) as url, running(Location(url)) as world:
        await asyncio.wait_for(asked.wait(), 5.0)
        world.discovery.gives.set()
        await until(lambda: "t/Model/new" in world.agent.resources)
        go_on.set()
        await asyncio.sleep(0.1)
        assert (list(world.agent.resources), world.discovery.runs) == (["t/Model/new"], 1)


async def test_it_never_replaces_what_is_served_already(file: Location) -> None:
    async with running(file, wait_seconds=0.01) as world:
        await world.agent.apply(ConfigUpdate("e1", 3, "aa", {"t/Model/kept": b"{}"}, ()))
        await asyncio.sleep(0.1)
        assert (list(world.agent.resources), world.discovery.runs) == (["t/Model/kept"], 1)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param(lambda folder: content(folder, key=b"o" * 32), "a key that is not in the key file", id="key"),
        pytest.param(lambda folder: content(folder, gateway="other"), "for the gateway 'other'", id="gateway"),
        pytest.param(lambda folder: content(folder, schema_version=3), "schema version 3, this replica", id="too new"),
        pytest.param(lambda folder: content(folder)[:-1], "cut short", id="cut"),
        pytest.param(lambda folder: b"<html>", "header is damaged", id="something else"),
        pytest.param(lambda folder: content(folder, "t/Model/bad"), "nothing in it can be served", id="refused"),
        pytest.param(lambda folder: None, "No such file", id="nothing"),
    ],
)
async def test_what_is_of_no_use_is_told_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, made: Callable[[Path], bytes | None], reason: str
) -> None:
    location = Location(str(tmp_path / "snapshot"))
    if (wrong := made(tmp_path)) is not None:
        (tmp_path / "snapshot").write_bytes(wrong)
    async with running(location) as world:
        await until(lambda: world.bootstrap.failures)
        assert reason in caplog.text
        assert PATH not in world.agent.resources


async def test_it_is_tried_again_until_it_is_good(tmp_path: Path) -> None:
    location = Location(str(tmp_path / "snapshot"))
    async with running(location) as world:
        await until(lambda: world.bootstrap.failures >= 2)
        (tmp_path / "snapshot").write_bytes(content(tmp_path))
        await until(lambda: world.bootstrap.is_served(world.agent))  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def serving(
    answers: list[web.Response],
    tls: ssl.SSLContext | None = None,
    before: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[str]:
    """An HTTP server that gives each answer once, the last one for ever."""

    async def answer(request: web.Request) -> web.Response:
        assert request.query_string == "token=hush"
        if before:
            await before()
        given = answers.pop(0) if len(answers) > 1 else answers[0]
        return web.Response(status=given.status, body=given.body, headers=given.headers)

    app = web.Application()
    app.router.add_get("/snapshot", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}/snapshot?token=hush"
    finally:
        await runner.cleanup()


async def test_it_comes_from_a_url_after_failures(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    moved = web.Response(status=302, headers={"location": "http://127.0.0.1:1/"})
    answers = [web.Response(status=503), moved, web.Response(body=content(tmp_path))]
    async with serving(answers) as url, running(Location(url)) as world:
        await until(lambda: world.bootstrap.is_served(world.agent))  # type: ignore[arg-type]
        assert world.bootstrap.failures == 2
    assert "the server answers 503" in caplog.text and "the server answers 302" in caplog.text
    assert "hush" not in caplog.text


async def test_a_url_with_tls_needs_the_authority_that_is_named(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with serving([web.Response(body=content(tmp_path))], context) as url:
        async with running(Location(url)) as world:
            await until(lambda: world.bootstrap.failures)
        async with running(Location(url, tmp_path / "ca.pem")) as world:
            await until(lambda: world.bootstrap.is_served(world.agent))  # type: ignore[arg-type]


async def test_what_is_too_large_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: Location, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bootstrap_snapshot, "MAX_BYTES", 100)
    async with serving([web.Response(body=content(tmp_path))]) as url:
        for location in (file, Location(url)):
            async with running(location) as world:
                await until(lambda: world.bootstrap.failures)
    assert caplog.text.count("more than 100 bytes") >= 2
