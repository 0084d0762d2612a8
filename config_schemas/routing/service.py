"""Service: an ordinary REST upstream."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from config_schemas.base import HostName, Model, Resource, Text
from config_schemas.routing.api_version import BasePath, ServiceVersion, Versioning, check_versions
from config_schemas.routing.endpoint import ServiceEndpoint, UpstreamTls


class ServiceSpec(Model):
    """Interchangeable endpoints behind one name.

    `retryStale: Any` lets a request that is not idempotent be sent again when an idle connection turns out to be
    closed: only for upstreams that bear a request twice.
    """

    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    endpoints: Annotated[tuple[ServiceEndpoint, ...], Field(min_length=1, max_length=256)]
    tls: UpstreamTls | None = None
    host: HostName | None = None  # the `Host` sent upstream; none forwards the client's
    base_path: BasePath = ""
    retry_stale: Literal["Idempotent", "Any"] = "Idempotent"
    versions: Annotated[tuple[ServiceVersion, ...], Field(max_length=32)] = ()
    versioning: Versioning | None = None
    description: Text = ""

    @model_validator(mode="after")
    def _has_versions_that_fit(self) -> Self:
        check_versions(self.versions, self.versioning)
        return self


class Service(Resource):
    """Where an ordinary REST API is served."""

    KIND: ClassVar[str] = "Service"
    PLURAL: ClassVar[str] = "services"

    kind: Literal["Service"] = "Service"
    spec: ServiceSpec
