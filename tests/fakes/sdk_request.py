"""What the SDKs of providers send, as oracle of what the gateway sends to the same provider. Nothing leaves here."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

import botocore.session
import httpx
import httpx2
import msgspec
from msgspec import Raw

from data_plane.providers.surface import Asked, Place, ProviderType, Surface


@dataclass(frozen=True)
class Sent:
    """`url` without a fragment, which no SDK sends; names of headers are in lower case."""

    url: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Recorder:
    """Gives SDKs their HTTP clients, and keeps what they send. The answer is an empty object, which few can read."""

    sent: list[Sent] = field(default_factory=list)

    def httpx2(self) -> httpx2.Client:
        def answer(request: httpx2.Request) -> httpx2.Response:
            self._keep(str(request.url), request.headers, request.read())
            return httpx2.Response(200, json={})

        return httpx2.Client(transport=httpx2.MockTransport(answer))

    def httpx(self) -> Any:  # Mistral's SDK has a protocol of its own for it
        def answer(request: httpx.Request) -> httpx.Response:
            self._keep(str(request.url), request.headers, request.read())
            return httpx.Response(200, json={})

        return httpx.Client(transport=httpx.MockTransport(answer))

    def botocore(self, service: str, region: str) -> Any:
        session = botocore.session.Session()
        session.set_credentials("id", "secret")
        client = session.create_client(service, region_name=region)

        def keep(request: Any, **_: object) -> NoReturn:
            self._keep(request.url, {}, request.body)
            raise InterruptedError

        client.meta.events.register("before-send.*.*", keep)
        return client

    def of(self, call: Callable[[], object]) -> Sent:
        """What a call sends; that its answer means nothing to the SDK does not matter."""
        before = len(self.sent)
        with suppress(Exception):
            call()
        assert len(self.sent) == before + 1, "the SDK has sent nothing"
        return self.sent[-1]

    def _keep(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        lower = {name.lower(): value for name, value in headers.items()}
        self.sent.append(Sent(url.partition("#")[0], lower, json.loads(body or b"null")))


def surface_of(kind: ProviderType, wire: str, place: Place) -> Surface:
    return kind.surfaces(place)[wire]


def url_of(kind: ProviderType, wire: str, asked: Asked, place: Place, base_url: str = "") -> str:
    """Where the gateway sends it."""
    base = base_url or (kind.base_url(place) if kind.base_url is not None else "")
    return base + surface_of(kind, wire, place).path(asked).decode()


def worded(surface: Surface, body: object, asked: Asked) -> Any:
    """The body that the gateway sends for one that a client has sent."""
    fields = msgspec.json.decode(json.dumps(body), type=dict[str, Raw])
    before = dict(fields)
    if surface.word is None:
        made = fields | {"model": Raw(json.dumps(asked.model).encode())} if "model" in fields else fields
    else:
        made = surface.word(fields, asked)
    assert fields == before, "a wording returns another dict"
    return json.loads(msgspec.json.encode(made))
