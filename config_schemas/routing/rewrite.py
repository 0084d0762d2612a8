"""How a request is changed on its way to a Service: path, host and query."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config_schemas.base import HeaderValue, Model

PLACEHOLDER = re.compile(r"\{[A-Za-z0-9_.-]+\}")
# A client may have a dot segment with parameters read in two ways; what we write has one reading.
DOT_SEGMENT = re.compile(r"\.\.?(;.*)?")

QueryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]+$", max_length=128)]
PlainHost = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]


class PathRewrite(Model):
    """The path that takes the place of the client's.

    `ReplacePrefix` replaces what a match of type `Prefix` has matched and keeps what follows; `ReplaceFull` keeps
    nothing; `Template` fills in what a match of type `Template` has found for its segments in braces.
    """

    type: Literal["ReplacePrefix", "ReplaceFull", "Template"]
    value: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9\-._~!$&'()*+,;=:@/{}]*$", max_length=1024)]

    @model_validator(mode="after")
    def _has_one_reading(self) -> Self:
        segments = self.value.split("/")[1:]
        if "" in segments[:-1]:
            raise ValueError("`value` must not have empty segments")
        if any(DOT_SEGMENT.fullmatch(each) for each in segments):
            raise ValueError("`value` must not have the segments '.' and '..'")
        braced = [each for each in segments if "{" in each or "}" in each]
        if braced and self.type != "Template":
            raise ValueError("`value` may have braces only with `type: Template`")
        if any(not PLACEHOLDER.fullmatch(each) for each in braced):
            raise ValueError("`value` may have braces only around a whole segment, as in '/users/{id}'")
        return self


class QueryField(Model):
    """A query parameter with its value, as text: the gateway percent-encodes it."""

    name: QueryName
    value: HeaderValue


class QueryChanges(Model):
    """`remove` takes parameters away, `set` replaces or adds one, `add` adds one beside those of the same name.

    Parameters that no change names are forwarded as they were sent.
    """

    set: Annotated[tuple[QueryField, ...], Field(max_length=16)] = ()
    add: Annotated[tuple[QueryField, ...], Field(max_length=16)] = ()
    remove: Annotated[tuple[QueryName, ...], Field(max_length=16)] = ()


class Rewrite(Model):
    """What the Service gets instead of what the client has sent. Headers are changed by a HeaderPolicy."""

    path: PathRewrite | None = None
    hostname: PlainHost | None = None
    query: QueryChanges | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.path is None and self.hostname is None and self.query is None:
            raise ValueError("at least one of `path`, `hostname` and `query` is required")
        return self
