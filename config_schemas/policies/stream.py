"""StreamPolicy: when a stream begins for its client, what keeps it alive, and what becomes of it without a client."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from config_schemas.policies.policy import Merge, Policy, PolicySpec

OrNever = Annotated[int, Field(ge=0, le=3600)]


class StreamPolicySpec(PolicySpec):
    """`commitAfterSeconds` and `keepAliveSeconds`: 0 is never. `drainSeconds` bounds `onClientGone: Drain`."""

    commit_after_seconds: OrNever = 15
    keep_alive_seconds: OrNever = 15
    on_client_gone: Literal["Cancel", "Drain"] = "Cancel"
    drain_seconds: Annotated[int, Field(ge=1, le=3600)] = 60

    @model_validator(mode="after")
    def _means_what_it_says(self) -> Self:
        if "drain_seconds" in self.model_fields_set and self.on_client_gone == "Cancel":
            raise ValueError("`drainSeconds` needs `onClientGone: Drain`")
        return self


class StreamPolicy(Policy):
    """When streams of models begin for their clients, what keeps them alive, and whether they outlive a client."""

    KIND: ClassVar[str] = "StreamPolicy"
    PLURAL: ClassVar[str] = "streampolicies"
    MERGE: ClassVar[Merge] = "Override"

    kind: Literal["StreamPolicy"] = "StreamPolicy"
    spec: StreamPolicySpec
