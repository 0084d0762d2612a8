"""A real gateway before the fake providers: a replica with one worker, configured with all columns."""

import hashlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from tests.fakes.matrix_provider import SECRETS, Column
from tests.fakes.provider_server import ProviderServer
from tests.fakes.provider_stage import Stage
from tests.fakes.replica import Replica, api_key, resource

MODES = {"strict": "Refuse", "lossy": "Allow"}


class RealGateway:
    """Its own process, with sockets on both sides."""

    def __init__(self, folder: Path, stage: Stage, columns: Sequence[Column]) -> None:
        self._folder = folder
        self._stage = stage
        self._columns = columns
        self._stack = AsyncExitStack()
        self.key = api_key()
        self.replica = Replica(folder, workers=1)

    def url(self, *, is_lossy: bool) -> str:
        """Below it are the paths of the clients' APIs."""
        return f"{self.replica.url}/{'lossy' if is_lossy else 'strict'}"

    def model(self, column: Column, *, thinks: bool) -> str:
        """As clients name it."""
        return f"{_slug(column)}{'-thinks' if thinks else ''}"

    async def __aenter__(self) -> Self:
        documents = _frame()
        for column in self._columns:
            server = ProviderServer(self._stage, [make() for make in column.wires.values()])
            await self._stack.enter_async_context(server)
            documents += _documents(column, server.url)
        self.replica.write_config(documents)
        await self._stack.enter_async_context(self.replica)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()


def _slug(column: Column) -> str:
    return column.name.lower().replace(" ", "-").replace(",", "")


def _frame() -> list[dict[str, Any]]:
    """All but the providers."""
    digest = hashlib.sha256(api_key().encode()).hexdigest()
    return [
        resource("Tenant", "default", {}, "platform"),
        resource("Gateway", "default", {}, "platform"),
        resource("Application", "tester", {}),
        resource("Credential", "tester", {"applicationRef": {"name": "tester"}, "hash": f"sha256:{digest}"}),
        *(resource("Secret", name, {"data": data}) for name, data in SECRETS.items()),
        *(
            resource(
                "Route",
                name,
                {"matches": [{"path": {"value": f"/{name}"}}], "models": {"matchLabels": {}, "lossy": lossy}},
            )
            for name, lossy in MODES.items()
        ),
    ]


def _documents(column: Column, url: str) -> list[dict[str, Any]]:
    slug = _slug(column)
    spec = {"type": column.kind, "baseUrl": url + column.root, "auth": column.auth, **column.spec}
    models = ((slug, column.models[0]), (f"{slug}-thinks", column.models[1]))
    return [
        resource("Provider", slug, spec),
        *(
            resource(
                "Model",
                name,
                {"versions": [{"name": "v1", "targets": [{"providerRef": {"name": slug}, "model": model}]}]},
            )
            for name, model in models
        ),
    ]
