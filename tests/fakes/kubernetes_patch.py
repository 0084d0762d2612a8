"""How a Kubernetes API merges what is sent into what is there.

JSON merge patch: RFC 7396. Strategic merge patch: k8s.io/apimachinery, util/strategicpatch; which lists merge by which
key is in the API's own types. Server-side apply without conflicts: what a manager sends no more is removed.
"""

import copy
from typing import Any

Json = dict[str, Any]

# Lists that merge by a key of their items; others are replaced. Ports of Services and containers have different keys.
MERGE_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "volumeMounts": ("mountPath",),
    "topologySpreadConstraints": ("topologyKey",),
    "ports": ("containerPort", "port"),
}


def merge(there: Json, patch: Json) -> Json:
    """A JSON merge patch applied."""
    merged = dict(there)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            old = merged.get(key)
            merged[key] = merge(old if isinstance(old, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def strategic_merge(there: Json, patch: Json) -> Json:
    """A strategic merge patch applied."""
    merged = {} if patch.get("$patch") == "replace" else dict(there)
    if "$retainKeys" in patch:
        merged = {key: value for key, value in merged.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif not key.startswith("$"):
            merged[key] = _strategic_value(key, merged.get(key), value)
    for key, order in patch.items():
        field = key.removeprefix("$setElementOrder/")
        if field != key and field in merged:
            merged[field] = _ordered(merged[field], order)
    return merged


def _strategic_value(key: str, old: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return strategic_merge(old if isinstance(old, dict) else {}, value)
    if isinstance(value, list) and (name := _merge_key(key, value)):
        return _merge_list(old or [], value, name)
    return value


def apply(there: Json, before: Json, sent: Json) -> Json:
    """Server-side apply: `before` is what the same manager sent last."""
    return _set(_without(there, before, sent), sent)


def _without(there: Json, before: Json, sent: Json) -> Json:
    """Take away what the manager no longer sends."""
    left = dict(there)
    for key, value in before.items():
        if key not in sent:
            left.pop(key, None)
        elif all(isinstance(each, dict) for each in (value, sent[key], left.get(key))):
            left[key] = _without(left[key], value, sent[key])
    return left


def _set(there: Json, sent: Json) -> Json:
    merged = dict(there)
    for key, value in sent.items():
        old = merged.get(key)
        merged[key] = _set(old, value) if isinstance(value, dict) and isinstance(old, dict) else copy.deepcopy(value)
    return merged


def _merge_key(field: str, items: list[Any]) -> str | None:
    return next(
        (key for key in MERGE_KEYS.get(field, ()) if items and all(isinstance(i, dict) and key in i for i in items)),
        None,
    )


def _merge_list(there: list[Json], items: list[Json], key: str) -> list[Json]:
    merged = {each[key]: each for each in there}
    for item in items:
        if item.get("$patch") == "delete":
            merged.pop(item[key], None)
        else:
            merged[item[key]] = strategic_merge(merged.get(item[key], {}), item)
    return list(merged.values())


def _ordered(items: list[Any], order: list[Any]) -> list[Any]:
    def place(item: Any) -> int:
        for index, each in enumerate(order):
            if each == item or (isinstance(each, dict) and each.items() <= item.items()):
                return index
        return len(order)

    return sorted(items, key=place)
