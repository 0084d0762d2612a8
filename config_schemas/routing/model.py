"""Model: the stable name that clients use, and the versions that serve it."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config_schemas.base import HeaderName, Model, Name, Reference, Resource, Text

Weight = Annotated[int, Field(ge=0, le=1000)]
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9._:/@]*[A-Za-z0-9])?$", max_length=128)]


class ModelTarget(Model):
    """One provider and its own name for the model; the Model's name if none is given."""

    provider_ref: Reference
    model: ModelName | None = None
    region: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]*$", max_length=64)] = ""
    weight: Weight = 1


class Version(Model):
    """One version and its share of the traffic, relative to the other weights."""

    name: Name
    weight: Weight = 1
    targets: Annotated[tuple[ModelTarget, ...], Field(min_length=1, max_length=32)]
    description: Text = ""


class Stickiness(Model):
    """Keeps a caller on one version while the weights allow it: by application or by the value of a header."""

    by: Literal["Application", "Header"]
    header: HeaderName | None = None

    @model_validator(mode="after")
    def _names_its_header(self) -> Self:
        if (self.by == "Header") != (self.header is not None):
            raise ValueError("`header` is required with `by: Header`, and only there")
        return self


class ModelSpec(Model):
    """What a client's `model` means. `aliases` are further names for it, unique in the tenant."""

    model_name: ModelName | None = None  # what clients write; the resource's name if none is given
    aliases: Annotated[tuple[ModelName, ...], Field(max_length=32)] = ()
    versions: Annotated[tuple[Version, ...], Field(min_length=1, max_length=32)]
    stickiness: Stickiness | None = None
    description: Text = ""

    @model_validator(mode="after")
    def _can_be_served(self) -> Self:
        names = [version.name for version in self.versions]
        if len(set(names)) != len(names):
            raise ValueError("`versions` must have different names")
        if not any(version.weight for version in self.versions):
            raise ValueError("at least one of `versions` must have a weight above 0")
        return self


class ModelResource(Resource):
    """A logical model: clients call its name while versions, weights and targets change underneath."""

    KIND: ClassVar[str] = "Model"
    PLURAL: ClassVar[str] = "models"

    kind: Literal["Model"] = "Model"
    spec: ModelSpec
