"""What only one resource of a tenant may have: a name that clients call a Model by, a place in the route order.

Two routes tie, and the second is refused, when a match of each has the same host, path type, path value, method, and
set of header and query conditions, and some gateway serves both. Where nothing is said (no host, no method), "any" is
a value of its own: a match for GET does not tie with one for any method.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

EVERYWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claim:
    """`gateways` empty: on all of them. `field` and `what` are for the sentence that refuses it."""

    key: str
    field: str
    what: str
    gateways: frozenset[str] = EVERYWHERE

    def clashes_with(self, gateways: frozenset[str]) -> bool:
        return not self.gateways or not gateways or not self.gateways.isdisjoint(gateways)


CLAIMING_KINDS = frozenset(("Model", "Route"))


def claims(document: Mapping[str, Any]) -> tuple[Claim, ...]:
    """What a valid document of a Model or Route claims in its tenant; nothing for other kinds."""
    match document.get("kind"):
        case "Model":
            return tuple(_model_claims(document))
        case "Route":
            return tuple(_route_claims(document))
    return ()


def _model_claims(document: Mapping[str, Any]) -> Iterator[Claim]:
    spec, name = document["spec"], document["metadata"]["name"]
    called = spec.get("modelName")
    yield _model_claim(called or name, "spec.modelName" if called else "metadata.name")
    for index, alias in enumerate(spec.get("aliases", ())):
        yield _model_claim(alias, f"spec.aliases[{index}]")


def _model_claim(name: str, field: str) -> Claim:
    return Claim(f"model/{name}", field, f"the model name '{name}'")


def _route_claims(document: Mapping[str, Any]) -> Iterator[Claim]:
    spec = document["spec"]
    gateways = frozenset(ref["name"] for ref in spec.get("gatewayRefs", ()))
    for index, match in enumerate(spec.get("matches", ({},))):
        path = match.get("path", {})
        kind, value = path.get("type", "Prefix"), path.get("value", "/")
        conditions = [sorted((c["name"], c["value"]) for c in match.get(part, ())) for part in ("headers", "query")]
        for host in spec.get("hostnames") or ("*",):
            for method in match.get("methods") or ("*",):
                what = f"{kind.lower()} path '{value}' on host '{host}' for method '{method}'"
                key = json.dumps(("route", host, kind, value, method, *conditions))
                yield Claim(key, f"spec.matches[{index}]", f"a match of {what} with the same conditions", gateways)
