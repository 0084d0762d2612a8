"""What admission takes for a HeaderPolicy."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from config_schemas.policies.header import HeaderPolicy

FIELD = {"name": "x-a", "value": "1"}


def policy(**request: Any) -> HeaderPolicy:
    spec = {"targetRefs": [{"kind": "Route", "name": "r"}], "request": request}
    document = {"apiVersion": "isthmus.dev/v1", "kind": "HeaderPolicy", "metadata": {"name": "p"}, "spec": spec}
    return HeaderPolicy.model_validate_json(json.dumps(document))


@pytest.mark.parametrize(
    "part", [{"set": [FIELD]}, {"add": [FIELD]}, {"remove": ["x-a"]}], ids=["set", "add", "remove"]
)
def test_one_change_is_enough(part: dict[str, Any]) -> None:
    assert policy(**part).spec.request != policy(set=[{"name": "x-b", "value": ""}]).spec.request


@pytest.mark.parametrize(
    ("request_changes", "message"),
    [
        ({}, "at least one change"),
        ({"add": [{"name": "host", "value": "a"}]}, "'host' is set by the gateway"),
        ({"add": [{"name": "x-api-key", "value": "a"}]}, "'x-api-key' has one value only: `set` it"),
        ({"add": [FIELD], "set": [FIELD]}, "'x-a' cannot be both in `add` and in `set` or `remove`"),
        ({"add": [FIELD], "remove": ["x-a"]}, "'x-a' cannot be both in `add` and in `set` or `remove`"),
    ],
)
def test_what_could_do_harm_is_refused(request_changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        policy(**request_changes)
    assert message in str(caught.value)
