"""The admin port."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from data_plane.admin.redaction import dump_resources
from data_plane.admin.server import AdminServer

RESOURCES = {
    "t/Secret/s": b'{"kind":"Secret","spec":{"data":{"value":"hush"},"description":"hush"}}',
    "t/Credential/c": b'{"kind":"Credential","spec":{"hash":"sha256:hush"}}',
    "t/Model/m": b'{"kind":"Model","spec":{"versions":[]}}',
}


class FakeReplica:
    reason = ""

    def not_ready(self) -> str:
        return self.reason

    def status(self) -> dict[str, Any]:
        return {"revision": 7}

    def metrics(self) -> str:
        return "isthmus_config_revision 7\n"

    def dump(self) -> dict[str, Any]:
        return dump_resources(RESOURCES)

    def version(self) -> dict[str, Any]:
        return {"version": "1"}


class Admin:
    def __init__(self, replica: FakeReplica, url: str, session: ClientSession) -> None:
        self.replica, self._url, self._session = replica, url, session

    async def get(self, path: str, token: str | None = None) -> tuple[int, str]:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        async with self._session.get(self._url + path, headers=headers) as answer:
            return answer.status, await answer.text()


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("let-me-in\n")
    return file


@pytest.fixture
async def admin(token_file: Path) -> AsyncIterator[Admin]:
    replica = FakeReplica()
    server = AdminServer(replica, token_file)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    await server.start(listening)
    async with ClientSession() as session:
        yield Admin(replica, f"http://127.0.0.1:{port}", session)
    await server.stop()


async def test_readiness_says_why(admin: Admin) -> None:
    assert (await admin.get("/readyz"))[0] == 200
    admin.replica.reason = "draining"
    status, body = await admin.get("/readyz")
    assert status == 503
    assert '"reason": "draining"' in body
    assert '"revision": 7' in body
    assert (await admin.get("/healthz"))[0] == 200


async def test_metrics_and_version_are_open(admin: Admin) -> None:
    assert await admin.get("/metrics") == (200, "isthmus_config_revision 7\n")
    assert await admin.get("/version") == (200, '{"version": "1"}')


@pytest.mark.parametrize("token", [None, "", "wrong", "let-me-in-"], ids=["none", "empty", "wrong", "longer"])
async def test_the_dump_needs_the_token(admin: Admin, token: str | None) -> None:
    status, body = await admin.get("/config", token)
    assert status == 401
    assert "Model" not in body


async def test_the_dump_shows_no_secret(admin: Admin) -> None:
    status, body = await admin.get("/config", "let-me-in")
    assert status == 200
    assert "hush" not in body
    assert '"Credential": 1' in body
    assert "t/Model/m" in body


async def test_a_token_that_was_replaced_no_longer_counts(admin: Admin, token_file: Path) -> None:
    token_file.write_text("another")
    assert (await admin.get("/config", "let-me-in"))[0] == 401
    token_file.write_text("")
    assert (await admin.get("/config", ""))[0] == 401


async def test_without_a_token_file_there_is_no_dump() -> None:
    server = AdminServer(FakeReplica(), None)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    await server.start(listening)
    async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/config") as answer:
        assert answer.status == 404
    await server.stop()
