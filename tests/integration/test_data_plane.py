"""A replica as it runs: agent and workers as processes, a file for configuration, a fake model server behind."""

import asyncio
import base64
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from config_schemas.version import SCHEMA_VERSION
from data_plane.agent import static_config
from data_plane.config.last_good import LastGoodFile, Saved
from data_plane.config.resource_set import Payload, Position, ResourceSet
from tests.fakes.model_server import Behaviour, ModelServer, model_server
from tests.fakes.replica import Replica, api_key, configuration

AUTHORIZED = {"authorization": f"Bearer {api_key()}"}
KEY = bytes(32)
CHAT = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
async def upstream() -> AsyncIterator[ModelServer]:
    async with model_server("alpha") as server:
        yield server


@pytest.fixture
async def replica(upstream: ModelServer, tmp_path: Path) -> AsyncIterator[Replica]:
    replica = Replica(tmp_path)
    replica.write_config(configuration({"alpha": upstream.url}))
    async with replica:
        yield replica


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Each request on a connection of its own, so that all workers get some."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(20)) as session:
        yield session


async def chat(session: aiohttp.ClientSession, replica: Replica, **fields: Any) -> tuple[int, str]:
    """Status and body of a call; status 0 for a connection that broke."""
    try:
        async with session.post(
            f"{replica.url}/v1/chat/completions", json={**CHAT, **fields}, headers=AUTHORIZED
        ) as answer:
            return answer.status, await answer.text()
    except aiohttp.ClientError as error:
        return 0, repr(error)


class Load:
    """A few callers, one request after the other."""

    def __init__(self, session: aiohttp.ClientSession, replica: Replica, callers: int = 4) -> None:
        self.answers: list[tuple[int, str]] = []
        self.callers = callers
        self._stop = False
        self._session, self._replica = session, replica
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._call()) for _ in range(callers)]

    @property
    def failures(self) -> list[tuple[int, str]]:
        return [answer for answer in self.answers if answer[0] != 200]

    async def _call(self) -> None:
        while not self._stop:
            self.answers.append(await chat(self._session, self._replica))

    async def more(self, count: int) -> None:
        """Wait for so many further answers."""
        goal = len(self.answers) + count
        await self._replica.until(lambda: len(self.answers) >= goal)

    async def stop(self) -> None:
        self._stop = True
        await asyncio.gather(*self._tasks)


async def test_json_and_streams_are_relayed_by_all_workers(
    replica: Replica, upstream: ModelServer, session: aiohttp.ClientSession
) -> None:
    for _ in range(20):
        status, body = await chat(session, replica)
        assert (status, "alpha one two three" in body) == (200, True)
        status, body = await chat(session, replica, stream=True)
        assert status == 200
        assert body.count("data: ") >= 6
        assert body.endswith("data: [DONE]\n\n")
    async with session.get(f"{replica.url}/rest/things?a=1") as answer:
        assert (await answer.json())["path"] == "/rest/things?a=1"
    assert api_key() not in repr([seen.headers for seen in upstream.seen])


async def test_a_change_reaches_all_workers(
    replica: Replica, upstream: ModelServer, session: aiohttp.ClientSession
) -> None:
    async with model_server("beta") as beta:
        load = Load(session, replica)
        await load.more(20)
        urls = {"alpha": upstream.url, "beta": beta.url}
        replica.write_config(configuration(urls, weights={"alpha": 0, "beta": 1}))
        await replica.wait_for(lambda status: status["revision"] == 2)
        await load.more(load.callers)  # what was under way
        switched = len(load.answers)
        await load.more(60)
        await load.stop()
    assert load.failures == []
    assert all("beta" in body for _, body in load.answers[switched:])


async def test_a_change_that_cannot_be_served_changes_nothing(
    replica: Replica, upstream: ModelServer, session: aiohttp.ClientSession
) -> None:
    replica.config.write_text("kind: Nonsense")
    await replica.until(lambda: "static configuration refused" in replica.log())
    assert (await chat(session, replica))[0] == 200


async def test_every_request_leaves_one_record(
    replica: Replica, upstream: ModelServer, session: aiohttp.ClientSession
) -> None:
    upstream.behaviour = Behaviour(gate=asyncio.Event())
    with pytest.raises(asyncio.TimeoutError):  # a client that leaves amid a stream
        async with asyncio.timeout(0.5):
            await chat(session, replica, stream=True)
    upstream.behaviour = Behaviour()
    statuses = [(await chat(session, replica))[0], (await chat(session, replica, model="unknown"))[0]]
    upstream.behaviour = Behaviour(reset_before_answer=True)
    statuses.append((await chat(session, replica))[0])
    async with session.post(f"{replica.url}/v1/chat/completions", json=CHAT) as answer:
        statuses.append(answer.status)
    async with session.get(f"{replica.url}/nowhere") as answer:
        statuses.append(answer.status)
    assert statuses == [200, 404, 502, 401, 404]
    await replica.until(lambda: len(replica.records()) >= 6)
    assert sorted(record["status"] for record in replica.records()) == [200, 401, 404, 404, 499, 502]


async def test_a_killed_worker_costs_only_what_it_had_under_way(
    replica: Replica, session: aiohttp.ClientSession
) -> None:
    load = Load(session, replica)
    await load.more(100)
    await replica.until(lambda: len(replica.records()) >= 50)
    before = await replica.metric("isthmus_requests_total")
    os.kill(replica.worker_pids()[0], signal.SIGKILL)
    await replica.wait_for(lambda status: status["serving"] == 1)
    assert await replica.metric("isthmus_requests_total") >= before
    await replica.wait_for(lambda status: status["serving"] == 2)
    await load.more(100)
    await load.stop()
    assert len(load.failures) <= load.callers
    assert await replica.metric("isthmus_worker_restarts_total") == 1
    assert await replica.metric("isthmus_requests_total") >= before


async def test_a_worker_that_is_told_to_end_is_replaced_without_loss(
    replica: Replica, session: aiohttp.ClientSession
) -> None:
    load = Load(session, replica)
    await load.more(20)
    for pid in replica.worker_pids():
        os.kill(pid, signal.SIGTERM)
        await replica.until(lambda gone=pid: gone not in replica.worker_pids())  # type: ignore[misc]
        await replica.wait_for(lambda status: status["serving"] == 2)
    await load.more(20)
    await load.stop()
    assert load.failures == []


async def test_a_drain_lets_a_stream_end_and_takes_nothing_new(
    replica: Replica, upstream: ModelServer, session: aiohttp.ClientSession
) -> None:
    upstream.behaviour = Behaviour(gate=asyncio.Event())
    stream = asyncio.get_running_loop().create_task(chat(session, replica, stream=True))
    await asyncio.wait_for(upstream.first_word_sent.wait(), 5.0)
    replica.signal(signal.SIGTERM)
    status = await replica.wait_for(lambda status: not status["ready"])
    assert status["reason"] == "the replica is draining"
    await replica.wait_for(lambda status: status["serving"] == 0)
    assert (await chat(session, replica))[0] == 0
    assert upstream.behaviour.gate is not None
    upstream.behaviour.gate.set()
    assert (await stream)[1].endswith("data: [DONE]\n\n")
    assert await replica.wait_end() == 0
    assert len(replica.records()) == 1
    assert replica.worker_pids() == []


async def test_a_second_signal_ends_at_once(
    replica: Replica, upstream: ModelServer, session: aiohttp.ClientSession
) -> None:
    upstream.behaviour = Behaviour(gate=asyncio.Event())
    stream = asyncio.get_running_loop().create_task(chat(session, replica, stream=True))
    await asyncio.wait_for(upstream.first_word_sent.wait(), 5.0)
    replica.signal(signal.SIGTERM)
    await replica.wait_for(lambda status: status["serving"] == 0)
    began = time.monotonic()
    replica.signal(signal.SIGTERM)
    assert await replica.wait_end() == 0
    assert time.monotonic() - began < 5.0
    assert (await stream)[0] == 0
    assert [record["status"] for record in replica.records()] == [499]


async def test_workers_outlive_their_agent_until_another_has_taken_over(
    replica: Replica, session: aiohttp.ClientSession
) -> None:
    load = Load(session, replica)
    await load.more(20)
    orphans = set(replica.worker_pids())
    replica.kill_agent()
    await load.more(50)
    assert set(replica.worker_pids()) == orphans
    await replica.start()
    await replica.until(lambda: not orphans & set(replica.worker_pids()))
    await load.more(50)
    await load.stop()
    assert load.failures == []
    await replica.until(lambda: len(replica.records()) >= len(load.answers))
    assert len({(record["worker"], record["incarnation"], record["sequence"]) for record in replica.records()}) == len(
        load.answers
    )


async def test_workers_end_with_their_agent_where_that_is_asked_for(upstream: ModelServer, tmp_path: Path) -> None:
    replica = Replica(tmp_path)
    replica.write_config(configuration({"alpha": upstream.url}))
    try:
        replica.spawn(env={"ISTHMUS_DIE_WITH_PARENT": "1"})
        await replica.wait_ready()
        replica.kill_agent()
        await replica.until(lambda: not replica.worker_pids())
    finally:
        replica.clean_up()


async def test_workers_know_nothing_of_grpc(replica: Replica) -> None:
    maps = [Path(f"/proc/{pid}/maps").read_text() for pid in replica.worker_pids()]
    assert len(maps) == 2
    assert not any("grpc" in each or "cygrpc" in each for each in maps)
    assert "cygrpc" in Path(f"/proc/{replica.pid}/maps").read_text()


@pytest.mark.parametrize(
    ("occupied", "message"),
    [("listen", "the port is in use by another program"), ("data_dir", "another data plane uses")],
    ids=["port", "data directory"],
)
async def test_what_is_taken_is_one_clear_line(replica: Replica, tmp_path: Path, occupied: str, message: str) -> None:
    other = Replica(tmp_path / "other")
    other.folder.mkdir()
    other.config = replica.config
    if occupied == "listen":
        other.port = replica.port
    else:
        other.data_dir = replica.data_dir
    try:
        other.spawn()
        assert await other.wait_end() == 1
    finally:
        other.clean_up()
    last = other.log().splitlines()[-1]
    assert last.startswith("isthmus-data-plane: ")
    assert message in last


async def test_a_replica_serves_from_disk_when_no_control_plane_answers(
    upstream: ModelServer, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    replica = Replica(tmp_path)
    save_last_good(replica, configuration({"alpha": upstream.url}))
    began = time.monotonic()
    try:
        replica.spawn(*control_plane_flags(tmp_path))
        await replica.wait_ready()
        status, body = await chat(session, replica)
        assert (status, "alpha" in body) == (200, True)
        assert time.monotonic() - began < 3 * 3.0  # three times the target, as the machine may be busy
        assert await replica.metric("isthmus_control_plane_connected") == 0
        assert await replica.metric("isthmus_config_revision") == 41
    finally:
        replica.clean_up()


async def test_a_replica_without_configuration_says_so(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    replica = Replica(tmp_path)
    try:
        replica.spawn(*control_plane_flags(tmp_path))
        await replica.wait_listening()
        await replica.until(lambda: can_connect(replica.port))
        status, body = await chat(session, replica)
        assert (status, "not_programmed" in body) == (503, True)
        state = await replica.wait_for(lambda status: not status["ready"])
        assert state["reason"] == "no configuration is loaded"
    finally:
        replica.clean_up()


def control_plane_flags(folder: Path) -> list[str]:
    """A control plane that nobody runs."""
    authority = trustme.CA()
    certificate = authority.issue_cert("replica")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    (folder / "last-good.key").write_text(base64.b64encode(KEY).decode())
    files = [part for name in ("ca", "cert", "key") for part in (f"--{name}", str(folder / f"{name}.pem"))]
    return ["--control-planes", "127.0.0.1:1", *files, "--last-good-key-file", str(folder / "last-good.key")]


def save_last_good(replica: Replica, documents: list[dict[str, Any]]) -> None:
    resources = ResourceSet()
    replica.write_config(documents)
    payloads = static_config.load(replica.config)
    resources.apply({path: Payload.of(path, content) for path, content in payloads.items()}, Position("epoch", 41))
    replica.data_dir.mkdir()
    file = LastGoodFile(replica.data_dir / "last-good", (KEY,), gateway="default", schema_version=SCHEMA_VERSION)
    file.save(Saved.of(resources))


def can_connect(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
