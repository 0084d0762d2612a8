"""One call of an operation: the request with who asks, its query and its body, as the endpoints read them."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from config_schemas.base import NAME_PATTERN, PLATFORM_TENANT, Model, Resource
from control_plane.admission.decode import JSON_TYPES, YAML_TYPES, Document, parse_documents, parse_object
from control_plane.admission.limits import MAX_REQUEST_BYTES
from control_plane.admission.wording import field_errors
from control_plane.api.operations import Operation
from control_plane.api.problem import RequestTimeout, UnsupportedMediaType
from control_plane.api.query import Query
from control_plane.errors import FieldError, Invalid, Malformed
from control_plane.identity.actor import Actor

BODY_SECONDS = 30.0
_NAME = re.compile(NAME_PATTERN)
_ETAG = re.compile(r'"(\d{1,18})"')


@dataclass(frozen=True, slots=True)
class Call:
    """What an endpoint gets."""

    request: web.Request
    operation: Operation
    actor: Actor
    query: Query

    def tenant(self) -> str:
        """The tenant in the path; that of platform kinds stands there literally."""
        return self.part("tenant", default=PLATFORM_TENANT)

    def tenant_or_none(self) -> str | None:
        """None: the operation is about all tenants."""
        return self.tenant() if self.operation.path.startswith("/v1/tenants/") else None

    def part(self, name: str, default: str = "") -> str:
        """A part of the path.

        Raises:
            Malformed: it is not a name.
        """
        value = self.request.match_info.get(name, default)
        if len(value) > 63 or not _NAME.fullmatch(value):
            raise Malformed(f"'{value[:80]}' in the path is not a name: at most 63 of a-z, 0-9, '-' and '.'")
        return value

    @property
    def kind(self) -> type[Resource]:
        if self.operation.kind is None:
            raise RuntimeError(f"{self.operation.id} is not an operation of a kind")
        return self.operation.kind

    async def body(self) -> bytes:
        """The body, at most as large as the server allows.

        Raises:
            RequestTimeout: it did not come in time.
        """
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self.request.read()
        except TimeoutError as error:
            raise RequestTimeout(f"the body must come within {BODY_SECONDS:.0f} seconds") from error

    async def document(self) -> Document:
        """The one JSON or YAML document of the body."""
        content_type = self._content_type()
        return parse_object(await self.body(), content_type)

    async def batch(self) -> Document:
        """The one document of the body, which holds others and may be as large as a request."""
        content_type = self._content_type()
        return parse_object(await self.body(), content_type, max_bytes=MAX_REQUEST_BYTES)

    async def documents(self) -> list[Document]:
        """All JSON or YAML documents of the body."""
        content_type = self._content_type()
        return parse_documents(await self.body(), content_type)

    def _content_type(self) -> str:
        content_type = self.request.content_type.lower()
        if content_type not in JSON_TYPES | YAML_TYPES:
            allowed = "'application/json' or 'application/yaml'"
            raise UnsupportedMediaType(f"the body's `Content-Type` must be {allowed}")
        return content_type

    def expected_revision(self) -> int | None:
        """The revision of `If-Match`; None: none is given, or `*`."""
        text = self.request.headers.get("If-Match", "*").strip()
        if text == "*":
            return None
        if not (match := _ETAG.fullmatch(text)):
            raise _wrong_header("If-Match", "must be one `ETag` as it was given, such as '\"42\"', or '*'")
        return int(match[1])

    def must_exist(self) -> bool:
        return "If-Match" in self.request.headers

    def must_be_absent(self) -> bool:
        text = self.request.headers.get("If-None-Match")
        if text is not None and text.strip() != "*":
            raise _wrong_header("If-None-Match", "must be '*'")
        return text is not None


T = TypeVar("T", bound=Model)
Endpoint = Callable[[Call], Awaitable[web.StreamResponse]]


def parse_request(model: type[T], document: Document) -> T:
    """A request that is not a resource.

    Raises:
        Invalid: with everything that is wrong.
    """
    try:
        return model.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise Invalid("the request is not valid", field_errors(model, error)) from error


def answer(model: Model, status: int = 200) -> web.Response:
    """The answer with a model's JSON."""
    return web.Response(
        status=status, body=model.model_dump_json(by_alias=True).encode(), content_type="application/json"
    )


def json_answer(document: Document, *, status: int = 200, revision: int = 0) -> web.Response:
    """The answer with a document; `revision` becomes its `ETag`."""
    headers = {"ETag": f'"{revision}"'} if revision else {}
    body = json.dumps(document, ensure_ascii=False).encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def _wrong_header(name: str, message: str) -> Malformed:
    return Malformed(f"`{name}` {message}", [FieldError(name, message)])
