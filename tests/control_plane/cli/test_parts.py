"""Splitting documents."""

from hypothesis import given
from hypothesis import strategies as st

from control_plane.cli.parts import PART_BYTES, parts

LARGE, SMALL = {"a": "x" * (PART_BYTES // 2)}, {"a": "x"}


@given(st.lists(st.booleans(), max_size=10), st.integers(1, 4))
def test_parts_are_whole_small_and_in_order(are_large: list[bool], size: int) -> None:
    documents = [LARGE if is_large else SMALL for is_large in are_large]
    split = list(parts(documents, size=size))
    assert [document for part in split for document in part] == documents
    assert all(1 <= len(part) <= size and part.count(LARGE) <= 1 for part in split)


def test_what_is_larger_than_a_part_is_one_by_itself() -> None:
    huge = {"a": "x" * PART_BYTES}
    assert list(parts([SMALL, huge, SMALL, SMALL], size=9)) == [[SMALL], [huge], [SMALL, SMALL]]
