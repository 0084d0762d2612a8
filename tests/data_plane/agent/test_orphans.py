"""What workers without an agent lend to the next one."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from data_plane.agent import orphans
from data_plane.agent.messages import Listening
from data_plane.listen_address import ListenAddress, parse_listen_address

FILE = f"orphan-{os.getpid()}.sock"
ANY_PORT = ListenAddress("127.0.0.1")


def listening(sockets: Sequence[socket.socket], address: ListenAddress = ANY_PORT) -> list[Listening]:
    return [Listening(address, each.fileno()) for each in sockets]


@asynccontextmanager
async def lending(data_dir: Path, given: Sequence[Listening], *, ours: bool = True) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(orphans.lend(data_dir, given, lambda: ours))
    async with asyncio.timeout(5):
        while not (data_dir / FILE).exists():
            await asyncio.sleep(0.01)
    yield
    task.cancel()
    await asyncio.wait((task,))


async def take(data_dir: Path) -> dict[str, list[socket.socket]]:
    return await asyncio.to_thread(orphans.take, data_dir)


async def test_what_waits_in_a_queue_outlives_the_orphan(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as lent:
        port = lent.getsockname()[1]
        async with lending(tmp_path, listening([lent])):
            client = socket.create_connection(("127.0.0.1", port))
            taken = await take(tmp_path)
    with client:
        (ours,) = taken[f"127.0.0.1:{port}"]
        assert not os.get_inheritable(ours.fileno())
        with ours, ours.accept()[0] as accepted:
            accepted.sendall(b"served")
            assert client.recv(10) == b"served"
    assert not (tmp_path / FILE).exists()


async def test_a_unix_socket_that_all_have_is_taken_once(tmp_path: Path) -> None:
    address = parse_listen_address(f"unix:{tmp_path}/s")
    with socket.socket(socket.AF_UNIX) as shared:
        shared.bind(address.path)
        async with lending(tmp_path, listening([shared, shared], address)):
            taken = await take(tmp_path)
    assert len(taken[address.identity]) == 1
    taken[address.identity][0].close()


async def test_an_orphan_that_drains_lends_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as lent:
        async with lending(tmp_path, listening([lent]), ours=False):
            assert await take(tmp_path) == {}


async def test_it_stays_the_orphans_after_the_agent_has_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as lent:
        async with lending(tmp_path, listening([lent])):
            for _ in range(2):
                for (each,) in (await take(tmp_path)).values():
                    each.close()
        with socket.create_connection(lent.getsockname()):
            lent.accept()[0].close()


async def test_the_file_of_one_that_was_killed_is_removed(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
        dead.bind(str(tmp_path / "orphan-1.sock"))
    assert orphans.take(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


async def test_one_that_speaks_another_language_is_passed_over(tmp_path: Path) -> None:
    def answer(door: socket.socket) -> None:
        with door.accept()[0] as connection:
            connection.send(msgspec.json.encode(["?"]))

    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(str(tmp_path / "orphan-1.sock"))
        door.listen()
        answering = asyncio.get_running_loop().run_in_executor(None, answer, door)
        assert await take(tmp_path) == {}
        await answering
