"""Requests that want too much: large ones, and small ones that become large. A canary sings meanwhile."""

import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.canary import attacked
from tests.conformance.client import Client
from tests.conformance.recorder import Recorder
from tests.conformance.wire import CutShort
from tests.fakes.replica import Replica, api_key, configuration, resource

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEBIBYTE = 1 << 20
LONGEST_SECONDS = 0.3  # of a processor, for one request; three times what Envoy allows, as these have megabytes
PIECE = b"x" * 65_536
CHAT = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\n"
    b"Content-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b"
)
REST = b"POST /rest/x HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
GZIP = b"Content-Encoding: gzip\r\n"
HELLO = b'{"model":"chat","messages":[{"role":"user","content":"hello"}]}'
Figure = Callable[[str, object], None]


def chat(body: bytes, fields: bytes = b"") -> bytes:
    return CHAT % (api_key().encode(), fields, len(body), body)


def bomb(size: int) -> bytes:
    """Bytes that become so many."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b" " * MEBIBYTE
    return b"".join([compressor.compress(zeros) for _ in range(size // MEBIBYTE)]) + compressor.flush()


def messages(count: int) -> bytes:
    return b'{"model":"chat","messages":[%b]}' % b",".join([b'{"role":"user","content":"hello"}'] * count)


FINE = range(200, 300)
REFUSED = range(400, 500)
NO_FAULT = range(200, 500)

BODIES = [
    pytest.param(b"[" * 100_000, b"", REFUSED, id="100,000 open brackets"),
    pytest.param(b'{"model":"chat","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b"", [400], id="depth of 100,000"),
    pytest.param(
        b'{"model":"chat","x":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, b"", [400], id="50,000 objects deep"
    ),
    pytest.param(b'{"model":"chat","seed":' + b"1" * 100_000 + b"}", b"", NO_FAULT, id="100,000 digits"),
    pytest.param(
        b'{"model":"chat","seed":-1e' + b"9" * 100_000 + b"}", b"", NO_FAULT, id="an exponent of 100,000 digits"
    ),
    pytest.param(
        b'{"model":"chat",%b}' % b",".join([b'"k%d":1' % number for number in range(200_000)]),
        b"",
        NO_FAULT,
        id="200,000 keys",
    ),
    pytest.param(b'{"model":"chat",%b"a":1}' % (b'"a":1,' * 200_000), b"", NO_FAULT, id="a key 200,000 times"),
    pytest.param(messages(100_000), b"", NO_FAULT, id="100,000 messages"),
    pytest.param(b'{"model":"%b"}' % (b"x" * MEBIBYTE), b"", REFUSED, id="a model of 1 MiB"),
    pytest.param(b'{"model":"chat","x":"' + b"\\ud800" * 100_000 + b'"}', b"", NO_FAULT, id="100,000 surrogates"),
    pytest.param(bomb(1024 * MEBIBYTE), GZIP, [413, 415], id="1 GiB in 1 MiB of gzip"),
    pytest.param(bomb(64 * MEBIBYTE)[:-9], GZIP, [400, 413, 415], id="a gzip bomb that is cut short"),
    pytest.param(b"\x1f\x8b\x08\x00" + b"garbage" * 1000, GZIP, [400, 415], id="garbage that says gzip"),
    pytest.param(HELLO, GZIP, [400, 415], id="plain text that says gzip"),
    pytest.param(
        gzip.compress(gzip.compress(HELLO)), b"Content-Encoding: gzip, gzip\r\n", [415], id="gzip twice, both told"
    ),
    pytest.param(gzip.compress(gzip.compress(HELLO)), GZIP, [400, 415], id="gzip twice, one told"),
    pytest.param(HELLO, b"Content-Encoding: zip\r\n", [415], id="a coding nobody knows"),
]


@pytest.mark.parametrize(("body", "fields", "right"), BODIES)
async def test_a_body_that_would_become_large_does_not(
    body: bytes, fields: bytes, right: list[int] | range, replica: Replica, recorder: Recorder, record_property: Figure
) -> None:
    async with attacked(replica) as attack:
        client = await Client.connect(replica.port)
        data = chat(body, fields)
        attack.sent += len(data)
        answer = await client.ask(data)
        await client.leave()
    record_property("MiB more at the peak", round(attack.growth / MEBIBYTE, 1))
    record_property("processor seconds", round(attack.processor_seconds, 2))
    assert answer.status in right, answer
    assert attack.processor_seconds < LONGEST_SECONDS
    if answer.status not in FINE:
        assert "error" in json.loads(answer.body)


@pytest.mark.parametrize("path", [b"/rest/x", b"/v1/chat/completions"], ids=["streamed", "held"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_64_mib_are_refused_before_they_are_read(
    path: bytes, chunked: bool, replica: Replica, recorder: Recorder, record_property: Figure
) -> None:
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (64 * MEBIBYTE)
    head = b"POST %b HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\n%b\r\n\r\n" % (
        path,
        api_key().encode(),
        framing,
    )
    piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE
    async with attacked(replica) as attack:
        client = await Client.connect(replica.port)
        await client.send([head])
        for _ in range(64 * MEBIBYTE // len(PIECE)):
            await client.send([piece])
            attack.sent += len(piece)
            if client.has_heard:
                break
        answer = await client.answer()
        await client.leave()
    record_property("MiB sent before the refusal", round(attack.sent / MEBIBYTE, 1))
    assert answer is not None and answer.status == 413
    assert attack.sent < 40 * MEBIBYTE
    assert recorder.told == [(b"GET", b"/rest/canary", b"")] * len(recorder.told)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET /rest/x HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 65_536 + b"\r\n\r\n", id="64 KiB in one field"),
        pytest.param(
            b"GET /rest/x HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(2000)) + b"\r\n",
            id="2,000 fields",
        ),
    ],
)
async def test_large_heads_are_refused_a_hundred_times(
    head: bytes, replica: Replica, recorder: Recorder, record_property: Figure
) -> None:
    async with attacked(replica) as attack:
        for _ in range(100):
            client = await Client.connect(replica.port)
            await client.send([head])
            attack.sent += len(head)
            answer = await client.answer()
            await client.leave()
            assert answer is not None and answer.status == 431
    record_property("MiB more at the peak", round(attack.growth / MEBIBYTE, 1))


async def test_a_secret_in_a_large_head_is_not_told(replica: Replica) -> None:
    """What is refused holds credentials; errors may be logged by others."""
    client = await Client.connect(replica.port)
    try:
        answer = await client.ask(
            b"GET /rest/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer isk_secret_0123456789\r\nX: %b\r\n\r\n"
            % (b"a" * 65_536)
        )
    except CutShort:
        pytest.fail("no answer")
    await client.leave()
    assert b"isk_secret" not in answer.body
    assert "isk_secret" not in replica.log()


async def test_a_pattern_of_a_tenant_cannot_be_made_slow(
    running_recorder: Recorder, tmp_path: Path, record_property: Figure
) -> None:
    """Patterns on which a backtracking engine would work for years."""
    patterns = ("^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "^a*a*a*a*a*a*a*a*b$", "(.*a){20}$")
    fields = {f"x{number}": {"type": "string", "pattern": pattern} for number, pattern in enumerate(patterns)}
    policy = {
        "targetRefs": [{"kind": "Route", "name": "rest"}],
        "requestSchema": {"type": "object", "properties": fields},
    }
    replica = Replica(tmp_path, workers=1)
    documents = configuration({"recorder": f"http://127.0.0.1:{running_recorder.port}"})
    replica.write_config([*documents, resource("ValidationPolicy", "patterns", policy)])
    async with replica:
        async with attacked(replica) as attack:
            client = await Client.connect(replica.port)
            for name in fields:
                body = json.dumps({name: "a" * 50_000 + "!"}).encode()
                attack.sent += len(body)
                answer = await client.ask(REST % (len(body), body))
                assert answer.status == 400
            await client.leave()
        record_property("processor seconds", round(attack.processor_seconds, 2))
        assert attack.processor_seconds < LONGEST_SECONDS
