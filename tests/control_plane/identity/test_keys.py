"""API keys."""

import hashlib
import re

import pytest

from control_plane.identity.keys import ApiKeys, is_well_formed


def test_a_key_is_random_well_formed_and_stored_as_its_digest_only() -> None:
    first, second = (ApiKeys().create("acme", "app", description="ci") for _ in range(2))
    assert first.key != second.key
    assert is_well_formed(first.key)
    assert re.fullmatch(r"isk_[0-9a-f]{16}_[0-9A-Za-z]{49}", first.key)
    assert first.credential.spec.hash == f"sha256:{hashlib.sha256(first.key.encode()).hexdigest()}"
    assert first.key not in repr(first) + first.credential.model_dump_json()
    assert (first.credential.metadata.tenant, first.credential.spec.application_ref.name) == ("acme", "app")


def test_every_mistyped_character_is_noticed() -> None:
    key = ApiKeys(random_bytes=bytes).create("default", "app").key
    for index, character in enumerate(key):
        for other in "0aZ_":
            if other != character:
                assert not is_well_formed(key[:index] + other + key[index + 1 :])


@pytest.mark.parametrize("key", ["", "isk_", "sk-abc", "isa_" + "0" * 16 + "_" + "0" * 49, "isk_é"])
def test_another_text_is_no_key(key: str) -> None:
    assert not is_well_formed(key)
