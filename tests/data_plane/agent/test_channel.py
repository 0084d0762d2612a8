"""Messages over a socketpair."""

import asyncio
import socket
from collections.abc import AsyncIterator

import msgspec
import pytest

from data_plane.agent.channel import BUFFER_BYTES, Channel, ChannelClosed
from data_plane.agent.messages import Accept, Changes, Commit, ToAgent, ToWorker

Ends = tuple[Channel[ToWorker], Channel[ToAgent]]


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    one, other = socket.socketpair()
    worker = await Channel.open(one, msgspec.msgpack.Decoder(ToWorker))
    agent = await Channel.open(other, msgspec.msgpack.Decoder(ToAgent))
    yield worker, agent
    worker.close()
    agent.close()


async def test_messages_arrive_whole_and_in_order(ends: Ends) -> None:
    worker, agent = ends
    messages = [Changes({"a/Model/m": b"x" * 100_000}, ["a/Model/n"]), Commit("e", 7, "h"), Accept()]
    for message in messages:
        await agent.send(message)
    assert [await worker.receive() for _ in messages] == messages


async def test_a_sender_waits_while_the_other_side_does_not_keep_up(ends: Ends) -> None:
    worker, agent = ends
    content = {"a/Model/m": b"x" * 100_000}

    async def send() -> None:
        for _ in range(100):
            await agent.send(Changes(content, []))

    sending = asyncio.get_running_loop().create_task(send())
    done, _ = await asyncio.wait([sending], timeout=0.1)
    assert not done
    assert agent.unsent_bytes() <= BUFFER_BYTES + 200_000
    for _ in range(100):
        await worker.receive()
    await sending


async def test_the_last_word_is_heard_before_the_end(ends: Ends) -> None:
    worker, agent = ends
    agent.post(Accept())
    await agent.flush_and_close(1.0)
    assert await worker.receive() == Accept()
    with pytest.raises(ChannelClosed):
        await worker.receive()


@pytest.mark.parametrize(
    "sent",
    [b"\x00\x00\x00\x02\xc1\xc1", b"\xff\xff\xff\xff", b"\x00\x00\x00\x05ab", b""],
    ids=["not a message", "too long", "cut short", "nothing"],
)
async def test_what_is_no_message_closes_the_channel(sent: bytes) -> None:
    one, other = socket.socketpair()
    channel = await Channel.open(one, msgspec.msgpack.Decoder(ToWorker))
    other.sendall(sent)
    other.close()
    with pytest.raises(ChannelClosed):
        await channel.receive()
    channel.close()


async def test_sending_to_nobody_is_an_error_for_send_and_none_for_post(ends: Ends) -> None:
    worker, agent = ends
    worker.close()
    with pytest.raises(ChannelClosed):
        for _ in range(100):
            await agent.send(Changes({"a": b"x" * 100_000}, []))
    agent.post(Accept())
