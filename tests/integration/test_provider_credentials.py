"""Replicas that prove themselves to providers: by keys in turn, by tokens, by signatures."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.aws_issuer import ROLE, SECRETS, signature_fault
from tests.fakes.credential_cases import PATHS
from tests.fakes.identity_server import IdentityServer, serving
from tests.fakes.model_server import Behaviour, ModelServer
from tests.fakes.oauth_issuer import CLIENT_ID, CLIENT_SECRET, POD_TOKEN
from tests.fakes.replica import Replica, api_key, configuration, resource

AUTHORIZED = {"authorization": f"Bearer {api_key()}"}
CHAT = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}
REGION = "eu-west-1"


class KeyedServer(ModelServer):
    """Refuses some keys as providers do, and notes whether signatures fit."""

    def __init__(self) -> None:
        super().__init__("keyed")
        self.refused: dict[str, int] = {}
        self.faults: list[str] = []

    async def _choose(self, request: web.Request, body: bytes, behaviour: Behaviour) -> web.StreamResponse:
        key = request.headers.get("authorization", "")
        if status := self.refused.get(key.removeprefix("Bearer ")):
            return web.json_response({"error": {"message": "no"}}, status=status, headers={"retry-after": "600"})
        if key.startswith("AWS4"):
            fault = signature_fault(request.method, request.raw_path, request.headers, body, SECRETS, "bedrock")
            self.faults.append(fault)
        return await super()._choose(request, body, behaviour)

    def keys(self) -> list[str]:
        return [each.headers.get("authorization", "").removeprefix("Bearer ") for each in self.seen]


@pytest.fixture
async def upstream() -> AsyncIterator[KeyedServer]:
    server = KeyedServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture
async def issuer() -> AsyncIterator[IdentityServer]:
    async with serving(time.time, PATHS) as server:  # noqa: TID251 - replicas go by the wall clock
        yield server


def documents(url: str, auth: Mapping[str, Any], secrets: Mapping[str, str], tenant: str = "default") -> list[Any]:
    made = [each for each in configuration({"alpha": url}) if each["kind"] not in ("Provider", "Model")]
    spec = {"type": "OpenAICompatible", "baseUrl": f"{url}/v1", "region": REGION, "auth": auth}
    targets = [{"providerRef": {"name": "alpha", "tenant": tenant}}]
    made.insert(2, resource("Model", "chat", {"versions": [{"name": "v1", "targets": targets}]}))
    made.insert(2, resource("Provider", "alpha", spec, tenant))
    if secrets:
        made.insert(2, resource("Secret", "s", {"data": dict(secrets)}, tenant))
    return made


def oauth(issuer: IdentityServer) -> dict[str, Any]:
    settings = {"tokenUrl": f"{issuer.url}/oauth", "clientId": CLIENT_ID, "scopes": ["one", "two"]}
    return {"type": "OAuthClient", "secretRef": {"name": "s"}, "oauth": settings}


@asynccontextmanager
async def running(
    folder: Path, configured: Sequence[Any], env: Mapping[str, str] | None = None
) -> AsyncIterator[Replica]:
    replica = Replica(folder, workers=1)
    replica.write_config(configured)
    try:
        replica.spawn(env=env)
        await replica.wait_ready()
        yield replica
    finally:
        replica.clean_up()


async def chat(replica: Replica, count: int = 1, **fields: Any) -> list[tuple[int, str]]:
    """Statuses and bodies of calls that are made at once."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)) as session:

        async def call() -> tuple[int, str]:
            url = f"{replica.url}/v1/chat/completions"
            async with session.post(url, json=CHAT | fields, headers=AUTHORIZED) as answer:
                return answer.status, await answer.text()

        return await asyncio.gather(*(call() for _ in range(count)))


async def test_first_requests_wait_for_one_token(upstream: KeyedServer, issuer: IdentityServer, tmp_path: Path) -> None:
    async with running(tmp_path, documents(upstream.url, oauth(issuer), {"value": CLIENT_SECRET})) as replica:
        answers = await chat(replica, 30) + await chat(replica, 1, stream=True)

        assert {status for status, _ in answers} == {200}
        assert (issuer.faults, issuer.asked) == ([], 1)
        assert upstream.keys() == ["at-1"] * 31
        assert CLIENT_SECRET not in replica.log()
        assert "at-1" not in replica.log()


async def test_a_token_that_the_provider_refuses_is_replaced_within_the_request(
    upstream: KeyedServer, issuer: IdentityServer, tmp_path: Path
) -> None:
    upstream.refused["at-1"] = 401
    async with running(tmp_path, documents(upstream.url, oauth(issuer), {"value": CLIENT_SECRET})) as replica:
        [(status, _)] = await chat(replica)

    assert (status, upstream.keys()) == (200, ["at-1", "at-2"])


async def test_a_token_endpoint_that_is_down_is_a_502_that_says_nothing_secret(
    upstream: KeyedServer, issuer: IdentityServer, tmp_path: Path
) -> None:
    issuer.mode = "Echo"
    async with running(tmp_path, documents(upstream.url, oauth(issuer), {"value": CLIENT_SECRET})) as replica:
        answers = await chat(replica, 5)

        for status, body in answers:
            assert (status, json.loads(body)["error"]["code"]) == (502, "provider_auth_failed")
            assert "127.0.0.1" not in body
        assert "provider_token_failed" in replica.log()
        assert CLIENT_SECRET not in replica.log()
        assert "s3cr3t" not in replica.log()
    assert upstream.seen == []


async def test_a_key_that_is_refused_pauses_and_the_request_goes_on_with_another(
    upstream: KeyedServer, tmp_path: Path
) -> None:
    upstream.refused["sk-a"] = 429
    auth = {"secretRefs": [{"name": "s", "key": "a"}, {"name": "s", "key": "b"}]}
    async with running(tmp_path, documents(upstream.url, auth, {"a": "sk-a", "b": "sk-b"})) as replica:
        answers = [answer for _ in range(5) for answer in await chat(replica)]

        assert [status for status, _ in answers] == [200] * 5
        assert upstream.keys() == ["sk-a"] + ["sk-b"] * 5
        assert "sk-a" not in replica.log()


@pytest.mark.parametrize("stream", [False, True])
async def test_requests_are_signed_by_the_pod_s_own_identity(
    stream: bool, upstream: KeyedServer, issuer: IdentityServer, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(POD_TOKEN)
    environment = {
        "AWS_ROLE_ARN": ROLE,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_ENDPOINT_URL_STS": f"{issuer.url}/sts",
    }
    configured = documents(upstream.url, {"type": "AwsWorkloadIdentity"}, {}, "platform")
    async with running(tmp_path, configured, environment) as replica:
        answers = await chat(replica, 10, stream=stream)

    assert {status for status, _ in answers} == {200}
    assert (issuer.faults, issuer.asked) == ([], 1)
    assert upstream.faults == [""] * 10
    assert {each.headers["x-amz-security-token"] for each in upstream.seen} == {"session-1"}


async def test_a_fetch_that_hangs_does_not_keep_a_replica_from_ending(
    upstream: KeyedServer, issuer: IdentityServer, tmp_path: Path
) -> None:
    issuer.mode = "Hang"
    async with running(tmp_path, documents(upstream.url, oauth(issuer), {"value": CLIENT_SECRET})) as replica:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await chat(replica)
        began = time.monotonic()
        replica.signal(signal.SIGTERM)

        assert await replica.wait_end() == 0

    assert issuer.asked == 1
    assert time.monotonic() - began < 8  # the fetch itself may take ten seconds
