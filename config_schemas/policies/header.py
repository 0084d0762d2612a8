"""HeaderPolicy: headers set and removed on the way to the upstream and back."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from config_schemas.base import HeaderName, HeaderValue, Model
from config_schemas.policies.policy import Merge, Policy, PolicySpec

# Framing, routing and identity belong to the gateway: a policy that could change them could smuggle a request.
RESERVED_HEADERS = frozenset(
    (
        "authorization",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
RESERVED_PREFIX = "x-isthmus-"


class HeaderField(Model):
    """A header with the value it is given."""

    name: HeaderName
    value: HeaderValue


class HeaderChanges(Model):
    """`set` replaces a header or adds it; `remove` takes it away."""

    set: Annotated[tuple[HeaderField, ...], Field(max_length=32)] = ()
    remove: Annotated[tuple[HeaderName, ...], Field(max_length=32)] = ()

    @model_validator(mode="after")
    def _leaves_ours_alone(self) -> Self:
        for name in (*(field.name for field in self.set), *self.remove):
            if name in RESERVED_HEADERS or name.startswith(RESERVED_PREFIX):
                raise ValueError(f"'{name}' is set by the gateway and cannot be changed by a policy")
        return self


class HeaderPolicySpec(PolicySpec):
    """Changes to the request towards the upstream and to the response towards the client."""

    request: HeaderChanges = HeaderChanges()
    response: HeaderChanges = HeaderChanges()

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not any((self.request.set, self.request.remove, self.response.set, self.response.remove)):
            raise ValueError("at least one change in `request` or `response` is required")
        return self


class HeaderPolicy(Policy):
    """Headers set and removed on the way to the upstream and back."""

    KIND: ClassVar[str] = "HeaderPolicy"
    PLURAL: ClassVar[str] = "headerpolicies"
    MERGE: ClassVar[Merge] = "Override"

    kind: Literal["HeaderPolicy"] = "HeaderPolicy"
    spec: HeaderPolicySpec
