"""What a route answers by itself: a redirect, or a response that is always the same."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config_schemas.base import Model
from config_schemas.policies.header import RESERVED_HEADERS, RESERVED_PREFIX, HeaderField
from config_schemas.routing.rewrite import PathRewrite, PlainHost

MAX_BODY_BYTES = 65536
BODILESS = frozenset((204, 205, 304))
OWN_HEADERS = RESERVED_HEADERS | {"content-type"}


class Redirect(Model):
    """Sends the client elsewhere. What is not given stays as the client has it.

    With another `scheme` and no `port` the location has the scheme's usual port.
    """

    scheme: Literal["http", "https"] | None = None
    hostname: PlainHost | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    path: PathRewrite | None = None
    query: Literal["Keep", "Drop"] = "Keep"
    status_code: Literal[301, 302, 303, 307, 308] = 302

    @model_validator(mode="after")
    def _leads_elsewhere(self) -> Self:
        if self.scheme is None and self.hostname is None and self.port is None and self.path is None:
            raise ValueError("at least one of `scheme`, `hostname`, `port` and `path` is required")
        return self


class StaticAnswer(Model):
    """A response that needs no upstream. The body has at most 64 KiB of UTF-8."""

    status: Annotated[int, Field(ge=200, le=599)] = 200
    headers: Annotated[tuple[HeaderField, ...], Field(max_length=32)] = ()
    body: Annotated[str, StringConstraints(max_length=MAX_BODY_BYTES)] = ""
    content_type: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e][\x20-\x7e]*$", max_length=256)] = (
        "text/plain; charset=utf-8"
    )

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        if len(self.body.encode()) > MAX_BODY_BYTES:
            raise ValueError(f"`body` must have at most {MAX_BODY_BYTES} bytes")
        if self.body and self.status in BODILESS:
            raise ValueError(f"a response with status {self.status} has no `body`")
        for field in self.headers:
            if field.name in OWN_HEADERS or field.name.startswith(RESERVED_PREFIX):
                raise ValueError(f"'{field.name}' is set by the gateway, `content-type` by `contentType`")
        return self
