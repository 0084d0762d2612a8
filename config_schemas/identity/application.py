"""Application: who calls."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from config_schemas.base import Model, Name, Reference, Resource, Text


class ApplicationSpec(Model):
    """Who an application is and what it may use. Without a list, it may use whatever its tenant's routes offer.

    `allowedModels` and `allowedRoutes` name resources of the tenant.
    """

    team_ref: Reference | None = None
    display_name: Text = ""
    allowed_models: Annotated[tuple[Name, ...], Field(max_length=1024)] | None = None
    allowed_routes: Annotated[tuple[Name, ...], Field(max_length=1024)] | None = None


class Application(Resource):
    """Who calls. Credentials prove it."""

    KIND: ClassVar[str] = "Application"
    PLURAL: ClassVar[str] = "applications"

    kind: Literal["Application"] = "Application"
    spec: ApplicationSpec = ApplicationSpec()
