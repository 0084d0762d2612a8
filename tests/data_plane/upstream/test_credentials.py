"""Credentials at work: shared by what uses the same one, and gone when nothing does."""

import gc
from weakref import ref

from data_plane.providers.api_key import ApiKeys
from data_plane.upstream.credentials import Credentials


def test_equal_credentials_are_one_at_work() -> None:
    credentials = Credentials()
    first = credentials.get(ApiKeys(("one", "two")))

    assert credentials.get(ApiKeys(("one", "two"))) is first
    assert credentials.get(ApiKeys(("one",))) is not first


def test_what_nobody_uses_any_more_is_forgotten() -> None:
    credentials = Credentials()
    gone = ref(credentials.get(ApiKeys(("one", "two"))))
    gc.collect()

    assert gone() is None
