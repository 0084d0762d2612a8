"""What a Gateway and policies say of addresses, as filters and caps."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from config_schemas.policies.merge import Reached
from data_plane.config import structs
from data_plane.filters.address import AddressFilter, AddressRules, CallerAddressFilter
from data_plane.filters.address_rate import AddressRateFilter
from data_plane.filters.client_address import ClientAddressFilter
from data_plane.identity.client_address import ForwardedReader
from data_plane.limits.per_address import ConnectionCaps, PerAddress, RequestRates
from data_plane.networks import network_set
from data_plane.observability.address_refusals import AddressRefusals
from data_plane.pipeline.filter import Filter

KIND = "AddressPolicy"
HEADERS = {"XForwardedFor": b"x-forwarded-for", "Forwarded": b"forwarded", "XRealIp": b"x-real-ip"}


def gateway_filters(spec: structs.GatewaySpec, rates: RequestRates, refusals: AddressRefusals) -> Iterator[Filter]:
    """Those of every plan of the gateway; none, where it says nothing of addresses."""
    client = spec.client_address
    if client is not None:
        trusted, header = network_set(client.trusted_proxies), HEADERS.get(client.header)
        reader = ForwardedReader(header, trusted) if header is not None else None
        yield ClientAddressFilter(trusted, reader, client.forward)
    caps = _caps(spec.per_address)
    if caps is not None and caps.interval:
        yield AddressRateFilter(caps, rates, partial(refusals.count, "rate"))


def connection_caps(spec: structs.GatewaySpec) -> ConnectionCaps | None:
    """What the listener asks of connections."""
    caps = _caps(spec.per_address)
    if caps is None or not caps.connections:
        return None
    return ConnectionCaps(caps, network_set(spec.client_address.trusted_proxies if spec.client_address else ()))


def address_filters(
    reached: Iterable[Reached],
    policies: Mapping[str, object],
    refusals: AddressRefusals,
    kind: type[AddressFilter] = CallerAddressFilter,
) -> list[Filter]:
    """One filter for all the address policies among those that reach a request; none, where there is no such policy."""
    rules = tuple(
        AddressRules(
            each.policy.path,
            network_set(policy.spec.allow) if policy.spec.allow else None,
            network_set(policy.spec.deny),
            each.policy.is_shadow,
        )
        for each in reached
        if isinstance(policy := policies.get(each.policy.path), structs.AddressPolicy)
    )
    return [kind(rules, refusals.metrics, partial(refusals.count, "policy"))] if rules else []


def _caps(spec: structs.PerAddress | None) -> PerAddress | None:
    if spec is None:
        return None
    rate = spec.requests_per_second
    interval = 1.0 / rate if rate is not None else 0.0
    tolerance = interval * ((spec.burst or rate or 1) - 1)
    exempt = network_set(spec.exempt)
    return PerAddress(
        spec.connections or 0, interval, tolerance, spec.ipv4_prefix_length, spec.ipv6_prefix_length, exempt
    )
