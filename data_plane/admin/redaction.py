"""What a resource looks like to who may see the configuration but no secret."""

import json
from collections.abc import Mapping
from typing import Any

REDACTED = "***"
MAX_RESOURCES = 10_000  # in one dump; credentials, of which there may be many more, are only counted


def dump_resources(resources: Mapping[str, bytes]) -> dict[str, Any]:
    """Counts by kind, and the resources themselves without secrets."""
    counts: dict[str, int] = {}
    shown: dict[str, Any] = {}
    for path, content in resources.items():
        kind = path.split("/")[1]
        counts[kind] = counts.get(kind, 0) + 1
        if kind != "Credential" and len(shown) < MAX_RESOURCES:
            shown[path] = redact(kind, json.loads(content))
    return {"counts": counts, "resources": shown, "truncated": len(shown) >= MAX_RESOURCES}


def redact(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """The document with every value of a Secret replaced."""
    if kind != "Secret":
        return document
    return {**document, "spec": _without_values(document.get("spec", {}))}


def _without_values(value: Any) -> Any:
    """Keys tell what there is; whatever form a Secret's values take, none passes."""
    if isinstance(value, dict):
        return {key: _without_values(each) for key, each in value.items()}
    return REDACTED
