"""The official SDK of Anthropic against a replica, for message batches and files."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import BodyPartReader, web
from anthropic import AsyncAnthropic, NotFoundError

from tests.fakes.replica import Replica, api_key, resource

BATCH, FILE = "msgbatch_raw1", "file_raw1"
TIME = "2026-11-01T00:00:00Z"
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-upstream",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 1},
}


class Account:
    """What is kept there: one batch and one file."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.models: list[str] = []
        self.keys: set[str] = set()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path_qs}")
        self.keys.add(request.headers.get("x-api-key", ""))
        path = request.path
        if request.method == "POST" and path == "/v1/messages/batches":
            self.models = [each["params"]["model"] for each in (await request.json())["requests"]]
        if path == "/v1/files" and request.method == "POST":
            part = await (await request.multipart()).next()
            assert isinstance(part, BodyPartReader) and await part.read() == b"%PDF"
        answers: dict[str, Any] = {
            "/v1/messages/batches": self._batch(),
            f"/v1/messages/batches/{BATCH}": self._batch(),
            f"/v1/messages/batches/{BATCH}/cancel": self._batch(),
            "/v1/files": self._file(),
            f"/v1/files/{FILE}": self._file(),
        }
        if path == f"/v1/messages/batches/{BATCH}/results":
            line = {"custom_id": "1", "result": {"type": "succeeded", "message": MESSAGE}}
            return web.Response(text=json.dumps(line) + "\n", content_type="application/x-jsonl")
        if path not in answers:
            error = {"type": "not_found_error", "message": f"no {path}"}
            return web.json_response({"type": "error", "error": error}, status=404)
        return web.json_response(answers[path])

    def _batch(self) -> dict[str, Any]:
        counts = {"processing": 0, "succeeded": 1, "errored": 0, "canceled": 0, "expired": 0}
        return {
            "id": BATCH,
            "type": "message_batch",
            "processing_status": "ended",
            "request_counts": counts,
            "created_at": TIME,
            "expires_at": TIME,
            "ended_at": TIME,
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"{self.url}/v1/messages/batches/{BATCH}/results",
        }

    def _file(self) -> dict[str, Any]:
        kind = {"type": "file", "filename": "a.pdf", "mime_type": "application/pdf", "size_bytes": 4}
        return {"id": FILE, "created_at": TIME, "downloadable": False, **kind}


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    account = Account()
    runner = web.AppRunner(account.app(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    account.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield account
    await runner.cleanup()


@pytest.fixture
async def replica(account: Account, tmp_path: Path) -> AsyncIterator[Replica]:
    digest = hashlib.sha256(api_key().encode()).hexdigest()
    target = {"providerRef": {"name": "anthropic"}, "model": "claude-upstream"}
    auth = {"secretRef": {"name": "key"}}
    replica = Replica(tmp_path, workers=1)
    replica.write_config(
        [
            resource("Tenant", "default", {}, "platform"),
            resource("Secret", "ids", {"data": {"value": "i" * 40}}, "platform"),
            resource("Gateway", "default", {"sealedIds": {"secretRef": {"name": "ids"}}}, "platform"),
            resource("Secret", "key", {"data": {"value": "sk-upstream"}}),
            resource("Provider", "anthropic", {"type": "Anthropic", "baseUrl": account.url, "auth": auth}),
            resource("Model", "claude", {"versions": [{"name": "v1", "targets": [target]}]}),
            resource("Application", "tester", {}),
            resource("Credential", "tester", {"applicationRef": {"name": "tester"}, "hash": f"sha256:{digest}"}),
            resource("Route", "models", {"matches": [{"path": {"value": "/ai"}}], "models": {"matchLabels": {}}}),
        ]
    )
    async with replica:
        yield replica


async def test_batches_and_files(replica: Replica, account: Account) -> None:
    params: Any = {"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    async with AsyncAnthropic(base_url=f"{replica.url}/ai/anthropic", api_key=api_key(), max_retries=0) as client:
        batch = await client.messages.batches.create(requests=[{"custom_id": "1", "params": params}] * 2)
        assert "isthmus1_" in batch.id and account.models == ["claude-upstream"] * 2
        assert (await client.messages.batches.retrieve(batch.id)).id == batch.id
        assert (await client.messages.batches.cancel(batch.id)).id == batch.id
        results = [each async for each in await client.messages.batches.results(batch.id)]
        assert [each.custom_id for each in results] == ["1"]
        file = await client.beta.files.upload(file=("a.pdf", b"%PDF", "application/pdf"))
        assert "isthmus1_" in file.id
        assert (await client.beta.files.retrieve_metadata(file.id)).id == file.id
        for id in (BATCH, file.id):
            with pytest.raises(NotFoundError):
                await client.messages.batches.retrieve(id)
    assert account.keys == {"sk-upstream"}
