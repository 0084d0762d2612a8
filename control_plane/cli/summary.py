"""What a line about a resource says: its state in one word, and what a person wants to see first."""

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
COLUMNS = ("TENANT", "NAME", "REVISION", "GENERATION", "STATUS", "SUMMARY")


def row(item: Json) -> tuple[object, ...]:
    """The cells of `COLUMNS`."""
    metadata = item["metadata"]
    return (
        metadata["tenant"],
        metadata["name"],
        metadata.get("revision"),
        metadata.get("generation"),
        condition(item),
        summary(item),
    )


def condition(item: Json) -> str:
    """`Programmed`, or the reason of the first condition that does not hold; empty without a status."""
    for entry in item.get("status", {}).get("conditions", []):
        if entry["status"] != "True":
            return str(entry["reason"])
    return "Programmed" if item.get("status") else ""


def summary(item: Json) -> str:
    """What the kind is about, in a few words."""
    spec = item.get("spec", {})
    described = _SUMMARIES.get(str(item.get("kind")))
    return described(spec) if described and spec else str(spec.get("displayName") or spec.get("description") or "")


def _versions(spec: Json) -> str:
    return ", ".join(f"{version['name']}={version.get('weight', 1)}" for version in spec["versions"])


def _endpoints(spec: Json) -> str:
    return ", ".join(f"{endpoint['host']}:{endpoint['port']}" for endpoint in spec["endpoints"])


def _target(spec: Json) -> str:
    refs = ", ".join(f"{ref['kind']}/{ref['name']}" for ref in spec.get("targetRefs", []))
    return refs or f"{spec['selector']['kind']} by labels"


def _destination(spec: Json) -> str:
    if "serviceRef" in spec:
        return f"service {spec['serviceRef']['name']}"
    if "providerRef" in spec:
        return f"provider {spec['providerRef']['name']}"
    return next((name for name in ("redirect", "respond") if name in spec), "models")


_SUMMARIES: Mapping[str, Callable[[Json], str]] = {
    "AddressPolicy": _target,
    "CatalogEntry": lambda spec: f"{spec['model']['value']} {spec.get('pricing', 'Catalog')}",
    "CorsPolicy": _target,
    "Credential": lambda spec: f"{spec['applicationRef']['name']} {spec.get('state', 'Active')}",
    "HeaderPolicy": _target,
    "Model": _versions,
    "Provider": lambda spec: str(spec["type"]),
    "Route": _destination,
    "Secret": lambda spec: ", ".join(spec.get("data", {})),
    "Service": _endpoints,
    "StreamPolicy": _target,
    "TimeoutPolicy": _target,
    "ValidationPolicy": _target,
}
