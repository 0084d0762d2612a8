"""AddressPolicy: from which networks requests may come."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from config_schemas.network import Cidr, check_networks
from config_schemas.policies.policy import Merge, Policy, PolicySpec

Networks = Annotated[tuple[Cidr, ...], Field(max_length=1000)]


class AddressPolicySpec(PolicySpec):
    """`deny` goes before `allow`; with an `allow`, all that it does not name is refused."""

    allow: Networks = ()
    deny: Networks = ()

    @model_validator(mode="after")
    def _names_networks(self) -> Self:
        if not (self.allow or self.deny):
            raise ValueError("at least one network in `allow` or `deny` is required")
        check_networks("allow", self.allow)
        check_networks("deny", self.deny)
        return self


class AddressPolicy(Policy):
    """From which networks requests may come."""

    KIND: ClassVar[str] = "AddressPolicy"
    PLURAL: ClassVar[str] = "addresspolicies"
    MERGE: ClassVar[Merge] = "Accumulate"

    kind: Literal["AddressPolicy"] = "AddressPolicy"
    spec: AddressPolicySpec
