"""Says what NetworkPolicies allow. Source: kubernetes.io, "Network Policies" (2026-11)."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.charts.chart import NAMESPACE, Manifest


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A pod, or an address outside of the cluster (then without labels). `ports` are a pod's, by name."""

    name: str
    labels: dict[str, str] = field(default_factory=dict)
    namespace: str = ""
    namespace_labels: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    address: str = ""

    @property
    def is_pod(self) -> bool:
        return bool(self.namespace)


def is_allowed(policies: Iterable[Manifest], source: Endpoint, target: Endpoint, port: int, kind: str = "TCP") -> bool:
    """Whether a connection may be made: the source must be let out, and the target let it in."""
    policies = list(policies)
    return _passes(policies, "Egress", source, target, (port, kind)) and _passes(
        policies, "Ingress", target, source, (port, kind)
    )


def _passes(policies: list[Manifest], way: str, at: Endpoint, peer: Endpoint, port: tuple[int, str]) -> bool:
    """Whether one of the policies that select a pod allows it; a pod that none selects is open."""
    key, peers = ("egress", "to") if way == "Egress" else ("ingress", "from")
    selecting = [each["spec"] for each in policies if _selects(each, way, at)]
    if not selecting:
        return True
    owner = peer if way == "Egress" else at  # whose ports are named
    return any(
        _has_port(rule.get("ports"), owner, port)
        and (not rule.get(peers) or any(_is_peer(each, peer) for each in rule[peers]))
        for spec in selecting
        for rule in spec.get(key) or ()
    )


def _selects(policy: Manifest, way: str, pod: Endpoint) -> bool:
    in_namespace = pod.namespace == policy["metadata"].get("namespace", NAMESPACE)
    return in_namespace and way in policy["spec"]["policyTypes"] and _matches(policy["spec"]["podSelector"], pod.labels)


def _has_port(ports: list[dict[str, Any]] | None, owner: Endpoint, wanted: tuple[int, str]) -> bool:
    if not ports:
        return True
    number, kind = wanted
    for each in ports:
        port = each["port"]
        known = owner.ports.get(port) if isinstance(port, str) else port
        if each.get("protocol", "TCP") == kind and known is not None and known <= number <= each.get("endPort", known):
            return True
    return False


def _is_peer(peer: dict[str, Any], other: Endpoint) -> bool:
    if "ipBlock" in peer:
        address = ipaddress.ip_address(other.address)
        block = peer["ipBlock"]
        inside = address in ipaddress.ip_network(block["cidr"])
        return inside and not any(address in ipaddress.ip_network(each) for each in block.get("except", ()))
    if not other.is_pod:
        return False
    if "namespaceSelector" in peer:
        in_namespace = _matches(peer["namespaceSelector"], other.namespace_labels)
    else:
        in_namespace = other.namespace == NAMESPACE
    return in_namespace and _matches(peer.get("podSelector", {}), other.labels)


def _matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    by_label: dict[str, str] = selector.get("matchLabels", {})
    if not by_label.items() <= labels.items():
        return False
    for each in selector.get("matchExpressions", ()):
        if each["operator"] != "In":
            raise NotImplementedError(each["operator"])
        if labels.get(each["key"]) not in each["values"]:
            return False
    return True
