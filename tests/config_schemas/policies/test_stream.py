"""What admission takes for a StreamPolicy."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from config_schemas.policies.stream import StreamPolicy


def policy(**fields: Any) -> StreamPolicy:
    spec = {"targetRefs": [{"kind": "Model", "name": "m"}], **fields}
    document = {"apiVersion": "isthmus.dev/v1", "kind": "StreamPolicy", "metadata": {"name": "p"}, "spec": spec}
    return StreamPolicy.model_validate_json(json.dumps(document))


def test_a_stream_may_begin_only_with_its_content_and_be_silent_for_ever() -> None:
    spec = policy(commitAfterSeconds=0, keepAliveSeconds=0).spec
    assert (spec.commit_after_seconds, spec.keep_alive_seconds) == (0, 0)


def test_draining_has_a_bound_that_may_be_set() -> None:
    assert policy(onClientGone="Drain").spec.drain_seconds == 60
    assert policy(onClientGone="Drain", drainSeconds=5).spec.drain_seconds == 5


@pytest.mark.parametrize("fields", [{}, {"onClientGone": "Cancel"}], ids=["by default", "said"])
def test_a_bound_of_what_does_not_happen_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="`drainSeconds` needs `onClientGone: Drain`"):
        policy(drainSeconds=5, **fields)
