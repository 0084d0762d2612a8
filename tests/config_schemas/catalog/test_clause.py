"""The language of match rules."""

from typing import Any

from pytest import mark, raises

from config_schemas.catalog.clause import dashed_date, exact_names, make_test


@mark.parametrize(
    ("clause", "taken", "left"),
    [
        ({"equals": "GPT-5"}, ["gpt-5"], ["gpt-5-mini", "xgpt-5"]),
        ({"starts_with": "gpt-5"}, ["gpt-5", "gpt-5-mini"], ["my-gpt-5"]),
        ({"ends_with": ":Free"}, ["qwen:free"], ["free"]),
        ({"contains": "Claude"}, ["anthropic.claude-3"], ["cloud"]),
        ({"regex": r"^o[134]$"}, ["o1", "o3"], ["o2", "o1-mini"]),
        ({"or": [{"equals": "a"}, {"starts_with": "b"}]}, ["a", "bc"], ["ab", "c"]),
        ({"and": [{"starts_with": "a"}, {"ends_with": "z"}]}, ["az", "abz"], ["a", "z"]),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_clause_takes_names(clause: dict[str, Any], taken: list[str], left: list[str]) -> None:
    test = make_test(clause)

    assert [name for name in taken + left if test(name)] == taken


@mark.parametrize("clause", [{}, {"like": "a"}, {"equals": "a", "contains": "b"}], ids=["none", "unknown", "two"])
def test_what_is_no_clause_is_refused(clause: dict[str, Any]) -> None:
    with raises(ValueError, match="clause"):
        make_test(clause)


def test_names_that_are_taken_whole_are_found_below_or_and_not_below_and() -> None:
    clause = {"or": [{"equals": "A"}, {"or": [{"equals": "b"}]}, {"and": [{"equals": "c"}]}, {"starts_with": "d"}]}

    assert list(exact_names(clause)) == ["a", "b"]


@mark.parametrize(
    ("name", "dashed"),
    [
        ("gpt-5.2-20251211", "gpt-5.2-2025-12-11"),
        ("gpt-5.2-20251211:batch", "gpt-5.2-2025-12-11:batch"),
        ("gpt-5.2-20250230", "gpt-5.2-20250230"),
        ("gpt-5.2-2025-12-11", "gpt-5.2-2025-12-11"),
        ("model-123456789", "model-123456789"),
    ],
    ids=["at the end", "before a colon", "no such day", "dashed already", "no date"],
)
def test_dates_in_one_number_are_dashed(name: str, dashed: str) -> None:
    assert dashed_date(name) == dashed
