"""Exchanges that wait for a token, and keys that a provider refuses."""

import asyncio
import json
from dataclasses import dataclass, field

import pytest

from data_plane.errors import GatewayError, ProviderAuthFailed
from data_plane.providers.api_key import ApiKeys
from data_plane.providers.credential import Credential, Outgoing, Proof
from data_plane.upstream import credential_wait
from data_plane.upstream.pool import Pools
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.fakes.model_targets import OPENAI_ANSWER, call, target, to
from tests.fakes.upstream import answer, read_body, says, until

CHAT = {"model": "gpt", "messages": [{"role": "user", "content": "Hi"}]}
JSON = b"content-type: application/json"
OK = answer(200, JSON, body=json.dumps(OPENAI_ANSWER).encode())


@dataclass
class LateToken:
    """Implements `Credential`: there is nothing until the test says so."""

    is_fixed: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    error: GatewayError | None = None
    waiting: int = 0

    def prove(self, outgoing: Outgoing) -> Proof | None:
        return Proof(b"authorization: Bearer late\r\n") if self.arrived.is_set() and self.error is None else None

    async def ready(self) -> None:
        self.waiting += 1
        try:
            await self.arrived.wait()
        finally:
            self.waiting -= 1
        if self.error is not None:
            raise self.error

    def refuse(self, key: int, status: int, retry_after_seconds: float | None) -> bool:
        return False


@dataclass(frozen=True)
class LateSpec:
    """Implements `CredentialSpec`."""

    token: LateToken = field(compare=False)

    def start(self) -> Credential:
        return self.token


async def test_an_exchange_goes_on_when_the_token_is_there(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream, token = await open_upstream(says(OK)), LateToken()
    made = call("/v1/chat/completions", CHAT)
    to(pools, target(upstream.endpoint(), "OpenAI", credential=LateSpec(token))).send(made, streams_body=False)
    await until(lambda: token.waiting == 1)
    assert made.upstream is not None and upstream.connections == 0
    token.arrived.set()
    await made.end()
    assert made.status == 200
    assert b"authorization: Bearer late" in upstream.heads[0]


async def test_a_client_that_leaves_stops_the_wait(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream, token = await open_upstream(says(OK)), LateToken()
    made = call("/v1/chat/completions", CHAT)
    to(pools, target(upstream.endpoint(), "OpenAI", credential=LateSpec(token))).send(made, streams_body=False)
    await until(lambda: token.waiting == 1)
    assert made.upstream is not None
    made.upstream.abort()
    await until(lambda: token.waiting == 0)
    token.arrived.set()
    assert upstream.connections == 0 and made.error is None


async def test_without_a_token_the_exchange_fails(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream, token = await open_upstream(says(OK)), LateToken(error=ProviderAuthFailed("no token"))
    made = call("/v1/chat/completions", CHAT)
    to(pools, target(upstream.endpoint(), "OpenAI", credential=LateSpec(token))).send(made, streams_body=False)
    token.arrived.set()
    await made.end()
    assert made.error is token.error and upstream.connections == 0


async def test_the_wait_has_an_end(pools: Pools, open_upstream: OpenUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_wait, "WAIT_SECONDS", 0.01)
    upstream, token = await open_upstream(says(OK)), LateToken()
    made = call("/v1/chat/completions", CHAT)
    to(pools, target(upstream.endpoint(), "OpenAI", credential=LateSpec(token))).send(made, streams_body=False)
    await made.end()
    assert made.error is not None and made.error.code == "provider_auth_failed"
    assert token.waiting == 0


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_a_refused_key_is_followed_by_another(pools: Pools, open_upstream: OpenUpstream, status: int) -> None:
    upstream = await open_upstream(says(answer(status, JSON, b"retry-after: 9", body=b"{}"), OK))
    made = call("/v1/chat/completions", CHAT)
    keys = ApiKeys(("sk-one", "sk-two"))
    dispatcher = to(pools, target(upstream.endpoint(), "OpenAI", credential=keys))
    dispatcher.send(made, streams_body=False)
    await made.end()
    assert made.status == 200
    assert [b"Bearer sk-one" in head for head in upstream.heads] == [True, False]
    again = call("/v1/chat/completions", CHAT)  # the first key pauses
    dispatcher.send(again, streams_body=False)
    await again.end()
    assert b"Bearer sk-two" in upstream.heads[2]


async def test_when_all_keys_are_refused_the_last_answer_counts(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream(says(answer(401, JSON, body=b"{}")))
    made = call("/v1/chat/completions", CHAT)
    keys = ApiKeys(("sk-one", "sk-two"))
    to(pools, target(upstream.endpoint(), "OpenAI", credential=keys)).send(made, streams_body=False)
    await made.end()
    assert made.error is not None and made.error.code == "provider_auth_failed"
    assert len(upstream.heads) == 2


async def test_without_a_token_another_target_serves(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream, other = await open_upstream(says(OK)), await open_upstream(says(OK))
    token = LateToken(error=ProviderAuthFailed("no token"))
    made = call("/v1/chat/completions", CHAT)
    first = target(upstream.endpoint(), "OpenAI", credential=LateSpec(token))
    to(pools, first, target(other.endpoint(), "OpenAI", "m2")).send(made, streams_body=False)
    token.arrived.set()
    await made.end()
    assert made.status == 200 and upstream.connections == 0
    assert made.tries == [("m1/m1-model", 0, "provider_auth_failed"), ("m2/m2-model", 200, "")]


async def test_a_streamed_body_that_came_while_the_gateway_waited_goes_whole(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    upstream, token = await open_upstream(), LateToken()
    bodies = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        bodies.append(await read_body(reader, head))
        writer.write(OK)

    upstream.script = script
    made = call("/v1/chat/completions", CHAT)
    made.exchange.fields, made.exchange.request.body = None, b""
    made.exchange.request.length = 5
    to(pools, target(upstream.endpoint(), "OpenAI", credential=LateSpec(token))).send(made, streams_body=True)
    assert made.upstream is not None and not made.upstream.send_body(b"whole", True)
    token.arrived.set()
    await made.end()
    assert made.status == 200 and bodies == [b"whole"]
