"""Service: an ordinary REST upstream."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from config_schemas.base import HostName, Model, Resource, Text
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
    base_path: Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*$", max_length=512)] = ""
    retry_stale: Literal["Idempotent", "Any"] = "Idempotent"
    description: Text = ""


class Service(Resource):
    """Where an ordinary REST API is served."""

    KIND: ClassVar[str] = "Service"
    PLURAL: ClassVar[str] = "services"

    kind: Literal["Service"] = "Service"
    spec: ServiceSpec
