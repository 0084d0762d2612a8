"""What a provider gets, and which target serves when one cannot."""

import asyncio
import gzip
import json
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from msgspec import Raw

from data_plane.config.structs import Stickiness
from data_plane.errors import GatewayTimeout, Overloaded, ProviderAuthFailed, UnmappableApi
from data_plane.exchange import Exchange, HeadMemo, Identity
from data_plane.pipeline.sides import Dispatcher
from data_plane.providers.api_key import ApiKeys
from data_plane.providers.base_url import BaseUrl
from data_plane.providers.no_credential import NoCredential
from data_plane.providers.provider import Provider
from data_plane.providers.surface import Asked, Place, Surface
from data_plane.providers.table import PROVIDER_TYPES
from data_plane.upstream import pool as pool_module
from data_plane.upstream.cluster import Cluster, Endpoint, ModelVersion, Target
from data_plane.upstream.dispatch import Dispatchers
from data_plane.upstream.pool import Pools
from data_plane.upstream.response_head import DROPPED_OF_PROVIDERS
from tests.data_plane.upstream.conftest import OpenUpstream, PassTime
from tests.fakes.upstream import (
    ANSWER,
    OK,
    FakeReceiver,
    ScriptedUpstream,
    answer,
    closes,
    hangs,
    read_body,
    receiver,
    says,
    service,
    until,
)

BODY = {"model": Raw(b'"gpt"'), "n": Raw(b"1.0"), "stream": Raw(b"false")}
NOBODY = Endpoint("127.0.0.1", 1)


def target(
    endpoint: Endpoint, name: str = "m1", weight: int = 1, kind: str = "OpenAI", key: str | None = "sk-ours"
) -> Target:
    base = BaseUrl.parse("http://models.example/v1" if kind == "OpenAI" else "http://models.example")
    credential = ApiKeys((key,)) if key is not None else NoCredential()
    provider = Provider(
        f"default/{name}", PROVIDER_TYPES[kind], base, PROVIDER_TYPES[kind].surfaces(Place()), credential
    )
    cluster = Cluster(f"default/{name}", (endpoint,), (1,), True)
    return Target(f"{name}/{name}", name, Raw(json.dumps(name).encode()), provider, cluster, weight)


def to(pools: Pools, *targets: Target, seed: int | None = None) -> Dispatcher:
    """The way to a model of one version, which tries the targets in their order unless there is a seed."""
    random = (lambda: 0.0) if seed is None else Random(seed).random
    return Dispatchers(pools, random).for_model((ModelVersion("v1", 1, targets),), None)


def chat(**headers: str) -> FakeReceiver:
    call = receiver("POST", "/v1/chat/completions", b"as the client wrote it", **headers)
    exchange = call.exchange
    exchange.api, exchange.operation, exchange.api_path = "openai", "chat", b"/chat/completions"
    exchange.fields = dict(BODY)
    return call


async def sent(call: FakeReceiver, upstream: ScriptedUpstream, pools: Pools) -> tuple[list[bytes], bytes]:
    """Head and body that a provider gets."""
    bodies = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        bodies.append(await read_body(reader, head))
        writer.write(OK)

    upstream.script = script
    to(pools, target(upstream.endpoint())).send(call, streams_body=False)
    await call.end()
    return upstream.heads[0].removesuffix(b"\r\n\r\n").split(b"\r\n"), bodies[0]


async def test_a_request_is_put_into_the_providers_words(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    call = chat(authorization="Bearer isk_mine", cookie="a=b", accept_encoding="gzip", user_agent="sdk")
    head, body = await sent(call, upstream, pools)
    assert body == b'{"model":"m1","n":1.0,"stream":false}'
    assert head == [
        b"POST /v1/chat/completions HTTP/1.1",
        b"host: models.example",
        b"accept-encoding: identity",
        b"user-agent: sdk",
        b"authorization: Bearer sk-ours",
        b"content-length: %d" % len(body),
        b"x-isthmus-request-id: id-1",
    ]
    exchange = call.exchange
    assert (exchange.model_version, exchange.target, exchange.provider) == ("v1", "m1/m1", "default/m1")
    assert exchange.fields == BODY


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(None, b"as the client wrote it", id="no fields"),
        pytest.param({"contents": Raw(b"[]")}, b'{"contents":[]}', id="the path names the model"),
    ],
)
async def test_a_body_without_a_model_gets_none(
    pools: Pools, open_upstream: OpenUpstream, fields: dict[str, Raw] | None, expected: bytes
) -> None:
    call = chat()
    call.exchange.fields = fields
    _, body = await sent(call, await open_upstream(), pools)
    assert body == expected


async def test_neither_client_nor_policy_sets_what_the_provider_sets(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    base = BaseUrl.parse("http://models.example/v1")
    surfaces = PROVIDER_TYPES["OpenAI"].surfaces(Place())
    provider = Provider("default/m", PROVIDER_TYPES["OpenAI"], base, surfaces, ApiKeys(("sk-ours",), "x-our-key"))
    dispatcher = to(pools, replace(target(upstream.endpoint()), provider=provider))
    call = chat(**{"x-our-key": "client"})
    call.exchange.request_headers += [(b"x-our-key", b"policy"), (b"accept-encoding", b"br"), (b"x-set", b"policy")]
    dispatcher.send(call, streams_body=False)
    await call.end()
    lines = upstream.heads[0].split(b"\r\n")
    named = [line for line in lines if line.startswith((b"x-our-key", b"accept-encoding", b"x-set"))]
    assert named == [b"accept-encoding: identity", b"x-set: policy", b"x-our-key: sk-ours"]


async def test_a_repeated_head_gets_each_targets_words_and_credential(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    upstream, memo = await open_upstream(), HeadMemo()
    ways = [
        (to(pools, target(upstream.endpoint(), key="sk-one")), b"authorization: Bearer sk-one"),
        (to(pools, target(upstream.endpoint(), key="sk-two")), b"authorization: Bearer sk-two"),
        (to(pools, target(upstream.endpoint(), kind="OpenAICompatible", key=None)), b"host: models.example"),
    ]
    for dispatcher, line in ways * 2:
        call = chat(authorization="Bearer isk_mine", user_agent="sdk")
        call.exchange.request.memo = memo
        dispatcher.send(call, streams_body=False)
        await call.end()
        head = upstream.heads[-1]
        assert b"\r\n%b\r\n" % line in head and head.count(b"authorization") == line.count(b"authorization")
    assert len(memo.forwarded) == len(ways)
    assert b"sk-" not in b"".join(memo.forwarded.values())


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_refused_credential_is_told_as_ours(pools: Pools, open_upstream: OpenUpstream, status: int) -> None:
    upstream = await open_upstream(says(answer(status, body=b"Incorrect API key sk-ours")))
    other = await open_upstream()
    call = chat()
    to(pools, target(upstream.endpoint()), target(other.endpoint(), "m2")).send(call, streams_body=False)
    await call.end()
    assert isinstance(call.error, ProviderAuthFailed) and "sk-ours" not in call.error.message
    assert call.tries == [("m1/m1", status, "provider_auth_failed")]
    assert other.connections == 0 and pools.get(upstream.endpoint(), DROPPED_OF_PROVIDERS).busy == 0


@pytest.mark.parametrize("status", [429, 503, 529])
async def test_a_busy_target_is_left_for_another(pools: Pools, open_upstream: OpenUpstream, status: int) -> None:
    busy, other = await open_upstream(says(answer(status, body=b"busy"))), await open_upstream()
    call = chat()
    to(pools, target(busy.endpoint()), target(other.endpoint(), "m2")).send(call, streams_body=False)
    await call.end()
    assert (call.status, call.body) == (200, ANSWER)
    assert call.tries == [("m1/m1", status, "overloaded"), ("m2/m2", 200, "")]
    assert (call.exchange.target, call.exchange.provider) == ("m2/m2", "default/m2")
    assert pools.get(busy.endpoint(), DROPPED_OF_PROVIDERS).idle == 1


async def test_a_busy_answer_that_is_not_whole_costs_its_connection(pools: Pools, open_upstream: OpenUpstream) -> None:
    busy = await open_upstream(says(b"HTTP/1.1 429 Busy\r\nContent-Length: 1000\r\n\r\npart"))
    other = await open_upstream()
    call = chat()
    to(pools, target(busy.endpoint()), target(other.endpoint(), "m2")).send(call, streams_body=False)
    assert (await call.end()).body == ANSWER
    pool = pools.get(busy.endpoint(), DROPPED_OF_PROVIDERS)
    assert (pool.idle, pool.busy) == (0, 0)


async def test_where_all_are_busy_the_last_answer_is_relayed(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstreams = [await open_upstream(says(answer(429, b"Retry-After: 9", body=b"%d" % n))) for n in range(5)]
    targets = [target(each.endpoint(), f"m{number}") for number, each in enumerate(upstreams)]
    call = chat()
    to(pools, *targets).send(call, streams_body=False)
    await call.end()
    assert call.response is not None and (call.status, call.body) == (429, b"2")
    assert call.response.headers == [(b"retry-after", b"9"), (b"x-isthmus-error-origin", b"upstream")]
    assert [name for name, _, _ in call.tries] == ["m0/m0", "m1/m1", "m2/m2"]


async def test_what_tells_whose_account_is_used_stays_here(pools: Pools, open_upstream: OpenUpstream) -> None:
    fields = (b"Server: cloudflare", b"Set-Cookie: __cf=1", b"OpenAI-Organization: acme", b"CF-Ray: 1", b"Alt-Svc: h3")
    upstream = await open_upstream(says(answer(200, *fields, b"X-Request-Id: r1", body=b"{}")))
    for way, kept in (
        (to(pools, target(upstream.endpoint())), [b"x-request-id"]),
        (
            service(pools, upstream.endpoint()),
            [b"server", b"set-cookie", b"openai-organization", b"cf-ray", b"x-request-id"],
        ),
    ):
        for _ in range(3):  # the last one has a head that is known
            call = chat()
            way.send(call, streams_body=False)
            await call.end()
            assert call.response is not None and [name for name, _ in call.response.headers] == kept


async def test_a_coded_answer_is_plain_for_who_meters_it(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream(says(answer(200, b"Content-Encoding: gzip", body=gzip.compress(ANSWER))))
    call = chat()
    to(pools, target(upstream.endpoint())).send(call, streams_body=False)
    await call.end()
    assert call.response is not None
    assert (call.body, call.response.headers, call.response.length) == (ANSWER, [], None)


@pytest.mark.parametrize("status", [400, 404, 408, 500, 502, 504])
async def test_other_answers_are_the_clients(pools: Pools, open_upstream: OpenUpstream, status: int) -> None:
    upstream, other = await open_upstream(says(answer(status, body=b"no"))), await open_upstream()
    call = chat()
    to(pools, target(upstream.endpoint()), target(other.endpoint(), "m2")).send(call, streams_body=False)
    await call.end()
    assert (call.status, call.body, other.connections) == (status, b"no", 0)


async def test_what_cannot_be_reached_is_left_for_another(pools: Pools, open_upstream: OpenUpstream) -> None:
    other = await open_upstream()
    call = chat()
    to(pools, target(NOBODY), target(other.endpoint(), "m2")).send(call, streams_body=False)
    await call.end()
    assert call.body == ANSWER
    assert call.tries == [("m1/m1", 0, "upstream_unreachable"), ("m2/m2", 200, "")]


async def test_a_fault_of_ours_in_another_attempt_ends_the_exchange(
    pools: Pools, caplog: pytest.LogCaptureFixture
) -> None:
    def path(asked: Asked) -> bytes:
        raise RuntimeError("a bug")

    kind, base = PROVIDER_TYPES["OpenAI"], BaseUrl.parse("http://models.example")
    broken = Provider("default/m2", kind, base, {"openai-chat": Surface(path)}, NoCredential())
    faulty = replace(target(NOBODY, "m2"), provider=broken)
    call = chat()
    to(pools, target(NOBODY), faulty).send(call, streams_body=False)
    await call.end()
    assert call.error is not None and call.error.code == "upstream_unreachable"
    assert "another attempt failed request_id=id-1" in caplog.text


async def test_a_target_that_may_have_worked_is_not_doubled(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime
) -> None:
    slow, other = await open_upstream(hangs), await open_upstream()
    call = chat()
    to(pools, target(slow.endpoint()), target(other.endpoint(), "m2")).send(call, streams_body=False)
    await until(lambda: len(slow.heads) == 1)
    pass_time(122)
    assert isinstance((await call.end()).error, GatewayTimeout)
    assert other.connections == 0


async def test_a_connection_that_was_stale_is_replaced(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await (closes if len(upstream.heads) == 2 else says(OK))(reader, writer, head)

    upstream.script = script
    dispatcher = to(pools, target(upstream.endpoint()))
    for _ in range(2):
        call = chat()
        dispatcher.send(call, streams_body=False)
        assert (await call.end()).body == ANSWER
    assert call.tries == [("m1/m1", 0, "upstream_failed"), ("m1/m1", 200, "")]
    assert upstream.heads[1] == upstream.heads[2]


async def test_a_target_of_another_api_is_passed_over(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    targets = target(NOBODY, "claude", kind="Anthropic"), target(upstream.endpoint(), "embedder")
    call = chat()
    exchange = call.exchange
    exchange.operation, exchange.api_path = "embeddings", b"/embeddings"
    to(pools, *targets).send(call, streams_body=False)
    await call.end()
    assert call.tries == [("embedder/embedder", 200, "")]
    with pytest.raises(UnmappableApi):
        to(pools, targets[0]).send(call, streams_body=False)


async def test_a_full_target_is_passed_over(
    pools: Pools, open_upstream: OpenUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "MAX_CONNECTIONS", 1)
    full, other = await open_upstream(hangs), await open_upstream()
    dispatcher = to(pools, target(full.endpoint()), target(other.endpoint(), "m2"))
    first, second, third = chat(), chat(), chat()
    dispatcher.send(first, streams_body=False)
    dispatcher.send(second, streams_body=False)
    with pytest.raises(Overloaded):
        dispatcher.send(third, streams_body=False)
    assert (await second.end()).tries == [("m2/m2", 200, "")]
    assert first.upstream is not None
    first.upstream.abort()


async def test_a_streamed_body_reaches_the_next_target_only_while_nothing_of_it_is_gone(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    busy, other = await open_upstream(says(answer(429))), await open_upstream(says(OK))
    dispatcher = to(pools, target(NOBODY), target(busy.endpoint(), "m2"), target(other.endpoint(), "m3"))
    call = chat()
    call.exchange.fields = call.exchange.request.length = None
    dispatcher.send(call, streams_body=True)
    await call.stream(b"one", b"end")
    await call.end()
    assert (call.status, other.connections) == (429, 0)
    assert [name for name, _, _ in call.tries] == ["m1/m1", "m2/m2"]


# Shares.


async def test_targets_are_chosen_by_weight(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    dispatcher = to(pools, target(upstream.endpoint(), "m1", 90), target(upstream.endpoint(), "m2", 10), seed=1)
    counts: Counter[str] = Counter()
    for _ in range(300):
        call = chat()
        dispatcher.send(call, streams_body=False)
        await call.end()
        counts[call.exchange.target] += 1
    assert 15 <= counts["m2/m2"] <= 45


@pytest.mark.parametrize("stickiness", [None, Stickiness(by="Application")], ids=["by chance", "sticky"])
async def test_the_version_is_the_one_that_was_chosen_before(
    pools: Pools, open_upstream: OpenUpstream, stickiness: Stickiness | None
) -> None:
    upstream = await open_upstream()
    versions = tuple(ModelVersion(name, 1, (target(upstream.endpoint(), name),)) for name in ("v1", "v2"))
    dispatchers = Dispatchers(pools, Random(4).random)
    seen = set()
    for number in range(20):
        call = chat()
        exchange: Exchange = call.exchange
        exchange.identity = Identity("default", "", f"app-{number}", "", "ApiKey")
        chosen = dispatchers.choose_version(versions, stickiness, exchange)
        dispatchers.for_model(versions, stickiness).send(call, streams_body=False)
        await call.end()
        assert exchange.model_version == chosen.name and exchange.target == f"{chosen.name}/{chosen.name}"
        seen.add(chosen.name)
    assert seen == {"v1", "v2"}
