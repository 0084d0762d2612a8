"""The shape every resource has: apiVersion, kind, metadata, spec.

Conventions follow the Kubernetes API conventions (kubernetes/community, api-conventions.md, 2026-11): camelCase JSON,
string enums, every string, list and number bounded, unknown fields refused. `status` is computed on read and never
part of a stored resource.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

API_VERSION: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
PLATFORM_TENANT = "platform"  # owns what belongs to no tenant: Tenants, Gateways, shared Providers and Secrets

NAME_PATTERN = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
LABEL_PATTERN = r"^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=63)]
LabelKey = Annotated[str, StringConstraints(pattern=LABEL_PATTERN, min_length=1, max_length=128)]
LabelValue = Annotated[str, StringConstraints(pattern=r"^[-A-Za-z0-9_./:@+]*$", max_length=128)]
Labels = Annotated[dict[LabelKey, LabelValue], Field(max_length=32)]
Text = Annotated[str, StringConstraints(max_length=1024)]
HostName = Annotated[str, StringConstraints(pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9!#$%&'*+.^_`|~-]+$", max_length=128)]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\t\x20-\x7e]*$", max_length=4096)]
Timestamp = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$", max_length=32)
]


class Model(BaseModel):
    """Base of everything in a resource: strict, frozen, camelCase."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
        regex_engine="rust-regex",
    )


class Metadata(Model):
    """Who a resource is. `generation` and `createdAt` are set by the control plane; a client's values are ignored.

    `generation` rises with each change of the spec.
    """

    name: Name
    tenant: Name = "default"
    labels: Labels = {}
    generation: Annotated[int, Field(ge=0)] = 0
    created_at: Timestamp | None = None
    revision: Annotated[int, Field(ge=0)] = 0  # the store revision of the last write; known on reads, never stored


class Resource(Model):
    """A resource of one kind. Subclasses fix `kind` and `spec`."""

    KIND: ClassVar[str]
    PLURAL: ClassVar[str]
    SCOPE: ClassVar[Literal["Tenant", "Platform"]] = "Tenant"

    api_version: Literal["isthmus.dev/v1"] = API_VERSION
    metadata: Metadata


class Reference(Model):
    """Names another resource of a kind that the field fixes; without a tenant, in the same one."""

    name: Name
    tenant: Name | None = None


class Selector(Model):
    """Selects by labels; all must match. Empty matches everything."""

    match_labels: Labels = {}


class SecretReference(Model):
    """One key of a Secret."""

    name: Name
    key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$", min_length=1, max_length=128)] = "value"
    tenant: Name | None = None
