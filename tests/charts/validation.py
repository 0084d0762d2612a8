"""Says whether a manifest is what a version of Kubernetes takes: no field that it does not know, none that it lacks.

Built-in kinds by the schemas that `kubernetes-validate` carries, made from Kubernetes's own OpenAPI documents
(Apache-2.0). Others by schemas of our own (`custom_kinds.py`).
"""

import functools
import json
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import jsonschema_rs

from tests.charts.custom_kinds import CUSTOM_KINDS

KUBERNETES = ("1.29", "1.33", "1.37")

Json = dict[str, Any]


def faults(manifests: Sequence[Json], version: str) -> list[str]:
    """What is wrong, a line each."""
    found = []
    for each in manifests:
        name = f"{each['kind']}/{each['metadata']['name']}"
        validator = _validator(each["apiVersion"], each["kind"], version)
        errors = validator.iter_errors(each)
        found += [f"{name} {'.'.join(map(str, error.instance_path))}: {error.message}" for error in errors]
    return found


@functools.cache
def _validator(api_version: str, kind: str, version: str) -> jsonschema_rs.Draft202012Validator:
    if (api_version, kind) in CUSTOM_KINDS:
        return jsonschema_rs.Draft202012Validator(CUSTOM_KINDS[api_version, kind])
    # rbac.authorization.k8s.io/v1 is in a file rbac-v1
    short = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    schema = json.loads(_text(version, f"{kind.lower()}-{short}"))
    return jsonschema_rs.Draft202012Validator({**schema, "$defs": _definitions(version)})


@functools.cache
def _definitions(version: str) -> Json:
    definitions: Json = json.loads(_text(version, "_definitions"))["$defs"]
    return definitions


def _text(version: str, name: str) -> str:
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    return (folder / f"{name}.json").read_text().replace("/api/_definitions.json#", "#")
