"""TimeoutPolicy: how long a request and its parts may take."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from config_schemas.policies.policy import Merge, Policy, PolicySpec

Seconds = Annotated[int, Field(ge=1, le=86400)]


class TimeoutPolicySpec(PolicySpec):
    """Limits in seconds. What is not given keeps the gateway's default."""

    request_seconds: Seconds | None = None
    connect_seconds: Seconds | None = None
    first_byte_seconds: Seconds | None = None
    idle_seconds: Seconds | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if not any((self.request_seconds, self.connect_seconds, self.first_byte_seconds, self.idle_seconds)):
            raise ValueError(
                "at least one of `requestSeconds`, `connectSeconds`, `firstByteSeconds` and `idleSeconds` is required"
            )
        return self


class TimeoutPolicy(Policy):
    """How long a request and its parts may take."""

    KIND: ClassVar[str] = "TimeoutPolicy"
    PLURAL: ClassVar[str] = "timeoutpolicies"
    MERGE: ClassVar[Merge] = "Override"

    kind: Literal["TimeoutPolicy"] = "TimeoutPolicy"
    spec: TimeoutPolicySpec
