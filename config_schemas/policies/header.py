"""HeaderPolicy: headers set and removed on the way to the upstream and back."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from config_schemas.base import HeaderName, HeaderValue, Model
from config_schemas.policies.policy import Merge, Policy, PolicySpec

# Framing, routing, identity and the client's address belong to the gateway: a policy that could change them could
# smuggle a request, or tell an upstream of another client.
RESERVED_HEADERS = frozenset(
    (
        "authorization",
        "connection",
        "content-length",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
    )
)
RESERVED_PREFIX = "x-isthmus-"
# To add to these would send a client's own credential on, or make a field that nobody can read.
NOT_ADDED = frozenset(("api-key", "content-type", "cookie", "x-api-key", "x-goog-api-key"))


class HeaderField(Model):
    """A header with the value it is given."""

    name: HeaderName
    value: HeaderValue


class HeaderChanges(Model):
    """`set` replaces a header or adds it; `add` adds a value to what is there; `remove` takes a header away."""

    set: Annotated[tuple[HeaderField, ...], Field(max_length=32)] = ()
    add: Annotated[tuple[HeaderField, ...], Field(max_length=32)] = ()
    remove: Annotated[tuple[HeaderName, ...], Field(max_length=32)] = ()

    @model_validator(mode="after")
    def _leaves_ours_alone(self) -> Self:
        added = [field.name for field in self.add]
        for name in (*(field.name for field in self.set), *added, *self.remove):
            if name in RESERVED_HEADERS or name.startswith(RESERVED_PREFIX):
                raise ValueError(f"'{name}' is set by the gateway and cannot be changed by a policy")
        changed = {*(field.name for field in self.set), *self.remove}
        for name in added:
            if name in NOT_ADDED:
                raise ValueError(f"'{name}' has one value only: `set` it")
            if name in changed:
                raise ValueError(f"'{name}' cannot be both in `add` and in `set` or `remove`")
        return self


def _parts(changes: HeaderChanges) -> tuple[object, ...]:
    return changes.set, changes.add, changes.remove


class HeaderPolicySpec(PolicySpec):
    """Changes to the request towards the upstream and to the response towards the client."""

    request: HeaderChanges = HeaderChanges()
    response: HeaderChanges = HeaderChanges()

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not any((*_parts(self.request), *_parts(self.response))):
            raise ValueError("at least one change in `request` or `response` is required")
        return self


class HeaderPolicy(Policy):
    """Headers set and removed on the way to the upstream and back."""

    KIND: ClassVar[str] = "HeaderPolicy"
    PLURAL: ClassVar[str] = "headerpolicies"
    MERGE: ClassVar[Merge] = "Override"

    kind: Literal["HeaderPolicy"] = "HeaderPolicy"
    spec: HeaderPolicySpec
