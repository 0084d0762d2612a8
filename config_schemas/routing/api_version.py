"""Versions of a Service's API: how a request says which one it wants, and what stage of life each is in.

Source of the notices: RFC 9745 (`Deprecation`), RFC 8594 (`Sunset`), RFC 5829 (`successor-version`).
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config_schemas.base import Model, Name, Timestamp
from config_schemas.policies.header import NOT_ADDED, RESERVED_HEADERS, RESERVED_PREFIX
from config_schemas.routing.endpoint import ServiceEndpoint
from config_schemas.routing.rewrite import QueryName

TAKEN = RESERVED_HEADERS | NOT_ADDED | {"key"}  # `?key=` may carry an API key

BasePath = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*$", max_length=512)]


class VersionLink(Model):
    """Where to read on: about the deprecation, the sunset, or at what comes after."""

    rel: Literal["deprecation", "sunset", "successor-version"]
    href: Annotated[str, StringConstraints(pattern=r"^(https?://|/)[!#-;=?-~]*$", max_length=1024)]


class ServiceVersion(Model):
    """One version. Without `endpoints` or `basePath` those of the Service serve it.

    `Deprecated`: answers say since when, and when it ends. `Retired`: requests for it are refused with 410.
    """

    name: Name
    endpoints: Annotated[tuple[ServiceEndpoint, ...], Field(max_length=256)] = ()
    base_path: BasePath | None = None
    stage: Literal["Active", "Deprecated", "Retired"] = "Active"
    deprecated_at: Timestamp | None = None
    sunset_at: Timestamp | None = None
    successor: Name | None = None
    links: Annotated[tuple[VersionLink, ...], Field(max_length=8)] = ()

    @model_validator(mode="after")
    def _dates_fit_the_stage(self) -> Self:
        if self.stage == "Deprecated" and self.deprecated_at is None:
            raise ValueError("`deprecatedAt` is required with `stage: Deprecated`")
        if self.stage == "Active" and self.deprecated_at is not None:
            raise ValueError("`deprecatedAt` needs `stage: Deprecated` or `Retired`")
        if self.deprecated_at and self.sunset_at and self.sunset_at.rstrip("Z") < self.deprecated_at.rstrip("Z"):
            raise ValueError("`sunsetAt` must not lie before `deprecatedAt`")
        return self


class Versioning(Model):
    """How a request says which version it wants.

    `Path`: by the segment after `prefix`, in the path as the route hands it to the Service. `Header` and `Query`: by
    the field `name`. `default` is taken where a request says nothing, and with `onUnknown: Default` also where it asks
    for a version that is not there. `forward` says whether the upstream gets to see the version.
    """

    by: Literal["Path", "Header", "Query"]
    name: QueryName | None = None
    prefix: BasePath = ""
    default: Name | None = None
    on_unknown: Literal["Refuse", "Default"] = "Refuse"
    forward: Literal["Keep", "Strip"] = "Keep"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.name is None) != (self.by == "Path"):
            raise ValueError("`name` is required with `by: Header` and `by: Query`, and only there")
        if self.prefix and self.by != "Path":
            raise ValueError("`prefix` needs `by: Path`")
        if self.on_unknown == "Default" and self.default is None:
            raise ValueError("`default` is required with `onUnknown: Default`")
        if self.name is not None:
            _check_name(self.by, self.name)
        return self


def _check_name(by: str, name: str) -> None:
    if by == "Header" and name != name.lower():
        raise ValueError("`name` of a header must be lowercase")
    if name in TAKEN or name.startswith(RESERVED_PREFIX):
        raise ValueError(f"'{name}' says something else already: choose another `name`")


def check_versions(versions: tuple[ServiceVersion, ...], versioning: Versioning | None) -> None:
    """What versions must have in common with how they are chosen.

    Raises:
        ValueError: they do not fit.
    """
    if bool(versions) != (versioning is not None):
        raise ValueError("`versions` and `versioning` need each other")
    names = [version.name for version in versions]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"`versions` has '{name}' more than once")
    if versioning is not None and versioning.default is not None:
        _check_default(versions, versioning.default)
    known = ", ".join(f"'{name}'" for name in names)
    for version in versions:
        if version.successor is not None and (version.successor not in names or version.successor == version.name):
            raise ValueError(f"`successor` of '{version.name}' must be another one of {known}")
        if version.endpoints and not any(endpoint.weight for endpoint in version.endpoints):
            raise ValueError(f"at least one of `endpoints` of '{version.name}' must have a weight above 0")


def _check_default(versions: tuple[ServiceVersion, ...], default: str) -> None:
    served = [version.name for version in versions if version.stage != "Retired"]
    if default not in served:
        allowed = ", ".join(f"'{name}'" for name in served) or "one that is not retired"
        raise ValueError(f"`versioning.default` must be one of {allowed}")
