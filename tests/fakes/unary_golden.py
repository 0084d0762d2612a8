"""Goldens of calls with one short answer: what clients ask, what providers are sent and answer, what clients are told.

Of a client's API, `requests`; of a provider's, `answers`, named by how many inputs they are for. Of each cell, what
became of a request lies with the provider's API under `sent`, what became of an answer with the client's under `told`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest import param

from data_plane.codecs.client_api import Call
from data_plane.codecs.table import UNARY
from data_plane.codecs.unary import UnaryCodec
from data_plane.codecs.wire import FAMILIES, WIRES
from data_plane.errors import UnmappableFields
from data_plane.llm.loss import Losses
from data_plane.llm.traits import UNKNOWN

FOLDER = Path(__file__).parents[1] / "golden" / "codecs"
CLIENTS = tuple(api for api in UNARY if api in WIRES.values())
OPERATIONS = {wire: call for call, wire in WIRES.items()}
MODEL = "provider-s-model"


def call_of(api: str, case: str) -> Call:
    """The call by which the request of this case comes."""
    kind, operation = OPERATIONS[api]
    path = b"/" + operation.encode()
    if api == "gemini-embeddings":
        path = b"/models/m:embedContent" if case.startswith("one") else b"/models/m:batchEmbedContents"
    return Call(kind, operation, path)  # type: ignore[arg-type]  # one of the names of APIs


def files(api: str, kind: str) -> list[Path]:
    paths = sorted((FOLDER / api / kind).glob("*.json"))
    assert paths
    return paths


def decode(api: str, path: Path) -> Any:
    """The canonical request of a golden."""
    return UNARY[api].decode_request(path.read_bytes(), call_of(api, path.stem))


def providers_of(client: str) -> Iterator[UnaryCodec[Any, Any]]:
    yield from (codec for codec in UNARY.values() if FAMILIES[codec.api] == FAMILIES[client])


def cells() -> list[Any]:
    """Each request of each client with each provider of its family."""
    return [
        param(client, path, codec, id=f"{client}-{path.stem}-{codec.api}")
        for client in CLIENTS
        for path in files(client, "requests")
        for codec in providers_of(client)
    ]


def send(client: str, path: Path, codec: UnaryCodec[Any, Any]) -> dict[str, Any]:
    """What a provider is sent for a request, and what is left out; or which fields cannot be."""
    losses = Losses()
    try:
        request = decode(client, path)
        request.model = MODEL
        body = json.loads(codec.encode_request(request, UNKNOWN, losses))
    except UnmappableFields as error:
        return {"refused": list(error.fields)}
    return {"body": body, "losses": losses.fields} if losses.fields else {"body": body}


def answers_for(request: Any, api: str) -> list[Path]:
    """Those for as many inputs as there are."""
    count = wanted(request)
    return [path for path in files(api, "answers") if path.stem.partition("-")[0] in (count, "any")]


def wanted(request: Any) -> str:
    """How many results a request is to have."""
    if hasattr(request, "inputs"):
        return str(len(request.inputs))
    if hasattr(request, "documents"):
        return str(min(request.top_n or len(request.documents), len(request.documents)))
    return "any"


def tellings() -> list[Any]:
    """Each answer of each provider, for each request of each client that it fits."""
    return [
        param(client, path, codec, answer, id=f"{client}-{path.stem}-{codec.api}-{answer.stem}")
        for client in CLIENTS
        for path in files(client, "requests")
        if path.stem != "many-sizes"
        for codec in providers_of(client)
        for answer in answers_for(decode(client, path), codec.api)
    ]


def tell(client: str, path: Path, codec: UnaryCodec[Any, Any], answer: bytes) -> Any:
    """What the client is told, when a provider answers so."""
    request = decode(client, path)
    return json.loads(UNARY[client].encode_response(codec.decode_response(answer, request), request))
