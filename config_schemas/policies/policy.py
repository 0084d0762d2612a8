"""What all policies have: what they apply to, which one wins, and what happens when they cannot work.

A policy reaches resources by `targetRefs` or by `selector`. Each kind fixes how several that reach the same request
merge: `Override` (one wins) or `Accumulate` (all apply). The rules are in `config_schemas.policies.merge`.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from config_schemas.base import Labels, Model, Name, Resource

TargetKind = Literal["Gateway", "Tenant", "Team", "Route", "Service", "Model", "Application", "Credential"]
Merge = Literal["Override", "Accumulate"]


class TargetReference(Model):
    """A resource that the policy applies to. `sectionName` narrows it to a named part, as a version of a Model."""

    kind: TargetKind
    name: Name
    section_name: Name | None = None


class TargetSelector(Model):
    """All resources of a kind with these labels; no labels: all of the kind."""

    kind: TargetKind
    match_labels: Labels = Field(default={})


class PolicySpec(Model):
    """The part of a policy that does not depend on its kind.

    In the tenant `platform` a policy reaches every tenant; elsewhere only its own. `locked: Locked` there makes an
    Override policy final: nothing narrower replaces it.
    """

    target_refs: Annotated[tuple[TargetReference, ...], Field(max_length=64)] = ()
    selector: TargetSelector | None = None
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    mode: Literal["Enforce", "Shadow"] = "Enforce"
    failure_mode: Literal["FailClosed", "FailOpen"] = "FailClosed"
    locked: Literal["Open", "Locked"] = "Open"

    @model_validator(mode="after")
    def _has_targets(self) -> Self:
        if bool(self.target_refs) == (self.selector is not None):
            raise ValueError("exactly one of `targetRefs` and `selector` is required")
        return self


class Policy(Resource):
    """A rule for traffic. Subclasses fix the kind, its spec and how several merge."""

    MERGE: ClassVar[Merge]
    spec: PolicySpec
