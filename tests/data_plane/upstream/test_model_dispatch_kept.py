"""Requests that refer to what one provider keeps go to no other; forms go on in the words of one target."""

import asyncio
from dataclasses import replace

import pytest

from data_plane.codecs.form import Form, form_of
from data_plane.config.structs import Stickiness
from data_plane.errors import ObjectNotFound
from data_plane.upstream.cluster import ModelVersion
from data_plane.upstream.dispatch import Dispatchers
from data_plane.upstream.pool import Pools
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.data_plane.upstream.test_model_dispatch import NOBODY, chat, target, to
from tests.fakes.upstream import OK, FakeReceiver, answer, read_body, receiver, says

MODEL = b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper\r\n'
FILE = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nRIFF\r\n--b--\r\n'


def pinned(provider: str) -> FakeReceiver:
    call = chat()
    call.exchange.pinned = provider
    return call


async def test_the_provider_that_keeps_it_serves_it(pools: Pools, open_upstream: OpenUpstream) -> None:
    first, second = await open_upstream(), await open_upstream()
    call = pinned("default/m2")
    to(pools, target(first.endpoint()), target(second.endpoint(), "m2")).send(call, streams_body=False)
    await call.end()

    assert (call.status, call.exchange.target) == (200, "m2/m2")


async def test_a_version_that_has_the_provider_is_taken(pools: Pools, open_upstream: OpenUpstream) -> None:
    first, second = await open_upstream(), await open_upstream()
    versions = (
        ModelVersion("v1", 1, (target(first.endpoint()),)),
        ModelVersion("v2", 1, (target(second.endpoint(), "m2"),)),
    )
    call = pinned("default/m2")
    Dispatchers(pools, lambda: 0.0).for_model(versions, None).send(call, streams_body=False)
    await call.end()

    assert (call.exchange.model_version, call.exchange.target) == ("v2", "m2/m2")


@pytest.mark.parametrize("stickiness", [None, Stickiness(by="Application")])
async def test_where_nobody_keeps_it_nothing_is_sent(
    pools: Pools, open_upstream: OpenUpstream, stickiness: Stickiness | None
) -> None:
    upstream = await open_upstream()
    version = ModelVersion("v1", 1, (target(upstream.endpoint()),))
    way = Dispatchers(pools, lambda: 0.0).for_model((version, replace(version, name="v2")), stickiness)
    with pytest.raises(ObjectNotFound):
        way.send(pinned("default/other"), streams_body=False)

    assert upstream.connections == 0


async def test_a_busy_keeper_is_not_left_for_another(pools: Pools, open_upstream: OpenUpstream) -> None:
    busy, other = await open_upstream(says(answer(503))), await open_upstream()
    call = pinned("default/m1")
    to(pools, target(busy.endpoint()), target(other.endpoint(), "m2")).send(call, streams_body=False)
    await call.end()

    assert (call.status, [each.target for each in call.exchange.attempts]) == (503, ["m1/m1"])


def form(*, length: int | None, begun: bytes = MODEL + FILE[:60]) -> FakeReceiver:
    """A transcription whose beginning has come."""
    call = receiver("POST", "/v1/audio/transcriptions", begun, content_type="multipart/form-data; boundary=b")
    exchange = call.exchange
    exchange.api, exchange.operation, exchange.api_path = "openai", "transcriptions", b"/audio/transcriptions"
    read: Form = form_of(exchange.request.headers, ("openai", "transcriptions"), "")
    read.feed(begun, False)
    exchange.form, exchange.request.length = read, length
    return call


@pytest.mark.parametrize("length", [len(MODEL + FILE), None], ids=["with its length", "chunked"])
async def test_a_streamed_form_has_the_target_s_name(
    pools: Pools, open_upstream: OpenUpstream, length: int | None
) -> None:
    bodies: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        bodies.append(await read_body(reader, head))
        writer.write(OK)

    upstream = await open_upstream(script)
    call = form(length=length)
    to(pools, target(upstream.endpoint(), "a-longer-name")).send(call, streams_body=True)
    await call.stream(FILE[60:70], FILE[70:])
    await call.end()

    assert call.status == 200
    assert bodies == [MODEL.replace(b"whisper", b"a-longer-name") + FILE]


async def test_a_whole_form_is_put_into_each_target_s_words(pools: Pools, open_upstream: OpenUpstream) -> None:
    bodies: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        bodies.append(await read_body(reader, head))
        writer.write(OK)

    upstream = await open_upstream(script)
    call = form(length=None, begun=MODEL + FILE)
    to(pools, target(NOBODY, "first"), target(upstream.endpoint(), "second")).send(call, streams_body=False)
    await call.end()

    assert (call.status, bodies) == (200, [MODEL.replace(b"whisper", b"second") + FILE])


async def test_a_streamed_form_goes_to_one_target(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    call = form(length=None)
    to(pools, target(NOBODY, "first"), target(upstream.endpoint(), "second")).send(call, streams_body=True)
    await call.end()

    assert call.error is not None and call.error.code == "upstream_unreachable"
    assert upstream.connections == 0
