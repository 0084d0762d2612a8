"""Relayed answers whose framing or errors are another API's: Anthropic's models at Bedrock."""

import asyncio
import base64
import json

import pytest

from data_plane.upstream.pool import Pools
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.data_plane.upstream.test_translating import chunk
from tests.fakes.aws_event_stream import event
from tests.fakes.model_targets import ANTHROPIC_ANSWER, ANTHROPIC_EVENTS, call, target, to
from tests.fakes.upstream import FakeReceiver, Script, answer, read_body, says

MESSAGES = {"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], "new_field": {"a": 1}}
CLAUDE = "anthropic.claude"


def framed(*documents: dict[str, object]) -> bytes:
    """Anthropic's events, as Bedrock sends them."""
    return b"".join(
        event("chunk", {"bytes": base64.b64encode(json.dumps(each).encode()).decode()}) for each in documents
    )


def streams(body: bytes, *, whole: bool = True) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await read_body(reader, head)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n")
        writer.write(b"transfer-encoding: chunked\r\n\r\n" + chunk(body) + (b"0\r\n\r\n" if whole else b""))
        if not whole:
            writer.close()

    return script


async def asked(pools: Pools, open_upstream: OpenUpstream, script: Script, **fields: object) -> FakeReceiver:
    upstream = await open_upstream(script)
    made = call("/v1/messages", {**MESSAGES, **fields})
    to(pools, target(upstream.endpoint(), "Bedrock", CLAUDE)).send(made, streams_body=False)
    await made.end()
    stream = b"-with-response-stream" if fields.get("stream") else b""
    assert upstream.heads[0].startswith(b"POST /model/anthropic.claude-model/invoke%b HTTP/1.1" % stream)
    return made


async def test_an_answer_is_relayed_as_it_came(pools: Pools, open_upstream: OpenUpstream) -> None:
    body = json.dumps({**ANTHROPIC_ANSWER, "new_field": 1}).encode()
    made = await asked(pools, open_upstream, says(answer(200, body=body)))

    assert made.body == body


async def test_a_stream_comes_as_events(pools: Pools, open_upstream: OpenUpstream) -> None:
    made = await asked(pools, open_upstream, streams(framed(*ANTHROPIC_EVENTS)), stream=True)

    assert made.response is not None
    assert [value for name, value in made.response.headers if name == b"content-type"] == [b"text/event-stream"]
    told = [json.loads(each.partition(b"data: ")[2]) for each in made.body.split(b"\n\n") if each]
    assert told == list(ANTHROPIC_EVENTS)
    meter = made.exchange.meter
    assert meter is not None and made.error is None


@pytest.mark.parametrize(
    "body, whole, code",
    [
        (framed(*ANTHROPIC_EVENTS[:3]), False, "upstream_cut_short"),
        (framed(*ANTHROPIC_EVENTS[:3])[:-5], True, "upstream_failed"),
        (b"\0" * 40, True, "upstream_failed"),
    ],
    ids=["closed", "amid a message", "no messages"],
)
async def test_a_stream_that_is_none_ends_in_an_error(
    pools: Pools, open_upstream: OpenUpstream, body: bytes, whole: bool, code: str
) -> None:
    made = await asked(pools, open_upstream, streams(body, whole=whole), stream=True)

    assert made.error is not None and made.error.code in (code, "upstream_cut_short")


@pytest.mark.parametrize(
    "status, name, code",
    [(400, "ValidationException", "provider_rejected"), (429, "ThrottlingException", "provider_rate_limited")],
)
async def test_errors_of_amazon_are_told_in_the_gateways_words(
    pools: Pools, open_upstream: OpenUpstream, status: int, name: str, code: str
) -> None:
    fields = (b"content-type: application/json", b"x-amzn-errortype: %b" % name.encode())
    made = await asked(pools, open_upstream, says(answer(status, *fields, body=b'{"message":"because"}')))

    assert made.error is not None and (made.error.code, made.error.message) == (code, "because")
