"""AddressPolicy: from which networks requests may come."""

from collections.abc import Callable
from dataclasses import dataclass

from data_plane.errors import AddressNotAllowed
from data_plane.exchange import Exchange
from data_plane.networks import NetworkSet
from data_plane.observability.metrics import Metrics
from data_plane.pipeline.filter import Filter

Refused = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class AddressRules:
    """One policy. `allow` is None where it allows all that it does not deny."""

    policy: str  # its path
    allow: NetworkSet | None
    deny: NetworkSet
    is_shadow: bool = False

    def admit(self, address: str) -> bool:
        """A client without an address, on a Unix socket, is in no network: where some are allowed it is refused."""
        return address not in self.deny and (self.allow is None or address in self.allow)


class AddressFilter(Filter):
    """All rules must admit the client: one that comes later may narrow what the others allow, never widen it.

    Before authentication: the rules of Gateway, Tenant and Route. `refused` is told the address and when.
    """

    def __init__(self, rules: tuple[AddressRules, ...], metrics: Metrics, refused: Refused) -> None:
        self._enforced = tuple(each for each in rules if not each.is_shadow)
        self._shadows = tuple(each for each in rules if each.is_shadow)
        self._shadowed = metrics.shadowed
        self._refused = refused

    def on_request(self, exchange: Exchange) -> None:
        address = exchange.client_ip
        for rules in self._shadows:
            if not rules.admit(address):
                self._shadowed[(rules.policy,)].value += 1
        for rules in self._enforced:
            if not rules.admit(address):
                self._refused(address, exchange.started)
                raise AddressNotAllowed("requests from this address are not allowed")


class CallerAddressFilter(AddressFilter):
    """After authentication: the rules of callers, Models and Services."""
