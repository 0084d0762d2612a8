"""Every released version stays readable."""

import json
from pathlib import Path
from typing import Any

import pytest

from config_schemas.canonical import encode, to_document
from config_schemas.conversion.upgrade import UnknownVersion, upgrade
from config_schemas.registry import KINDS
from config_schemas.version import SINCE

GOLDEN = Path(__file__).parents[2] / "golden" / "resources"
# Goldens of released versions never change: they are what is in stores.
VERSION_1: list[dict[str, Any]] = json.loads((GOLDEN / "v1.json").read_text())


@pytest.mark.parametrize("document", VERSION_1, ids=lambda document: document["kind"])
def test_version_1_is_read_whole(document: dict[str, Any]) -> None:
    upgraded = upgrade(document)
    resource = KINDS[document["kind"]].model_validate_json(encode(upgraded))
    assert to_document(resource) == document


def test_the_golden_has_every_kind_of_version_1() -> None:
    assert {document["kind"] for document in VERSION_1} == {kind for kind in KINDS if kind not in SINCE}


def test_older_versions_go_through_each_step_and_are_left_as_they_are() -> None:
    oldest = {"apiVersion": "isthmus.dev/v1alpha1", "spec": {"a": 1}}
    steps = {
        "isthmus.dev/v1alpha1": lambda each: {"apiVersion": "isthmus.dev/v1beta1", "spec": {"b": each["spec"]["a"]}},
        "isthmus.dev/v1beta1": lambda each: {"apiVersion": "isthmus.dev/v1", "spec": {"c": each["spec"]["b"]}},
    }
    assert upgrade(oldest, steps) == {"apiVersion": "isthmus.dev/v1", "spec": {"c": 1}}
    assert oldest == {"apiVersion": "isthmus.dev/v1alpha1", "spec": {"a": 1}}


@pytest.mark.parametrize("version", ["isthmus.dev/v2", "", None, ["isthmus.dev/v1"]])
def test_an_unknown_version_is_refused_with_what_is_allowed(version: Any) -> None:
    with pytest.raises(UnknownVersion, match=r"must be 'isthmus\.dev/v1'"):
        upgrade({"apiVersion": version})
