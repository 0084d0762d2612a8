"""Which tenants a Gateway carries. Documents are read without the schemas: what is wrong with one, a replica says."""

import json
from collections.abc import Mapping

Labels = Mapping[str, object]


def tenant_labels(payload: bytes) -> Labels | None:
    """The labels of a Tenant; None: the document cannot be read."""
    return _mapping(payload, "metadata", "labels")


def tenant_selector(payload: bytes) -> Labels | None:
    """The labels that a Gateway asks of its tenants; None: the document cannot be read."""
    return _mapping(payload, "spec", "tenants", "matchLabels")


def selects(selector: Labels, labels: Labels) -> bool:
    """All labels must match; an empty selector matches everything."""
    return all(labels.get(key) == value for key, value in selector.items())


def _mapping(payload: bytes, *fields: str) -> Labels | None:
    """The mapping at a field, empty if the field is not there."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    for field in fields:
        if not isinstance(value, dict):
            return None
        value = value.get(field, {})
    return value if isinstance(value, dict) else None
