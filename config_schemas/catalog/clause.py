"""Which names mean a model: the small language in which genai-prices writes its match rules.

Source: genai-prices 0.2.3, `types.py`, `MatchLogic` and `Provider.find_model` (2026-11). A clause is an object with one
key: `equals`, `starts_with`, `ends_with`, `contains`, `regex`, or `or` and `and` with a list of clauses. Letters count
as the same in either case; a regex sees the name in lower case.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

Test = Callable[[str], bool]

COMPACT_DATE = re.compile(r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


def make_test(clause: Mapping[str, Any]) -> Test:
    """The clause as a function of a name in lower case.

    Raises:
        ValueError: it is no clause.
    """
    if len(clause) != 1:
        raise ValueError("a clause has one key")
    ((kind, value),) = clause.items()
    if kind in ("or", "and"):
        tests = tuple(make_test(each) for each in value)
        return _any_of(tests) if kind == "or" else _all_of(tests)
    if kind == "regex":
        search = re.compile(value).search
        return lambda name: search(name) is not None
    make = _TEXT_TESTS.get(kind)
    if make is None:
        raise ValueError(f"'{kind}' is no clause")
    return make(value.lower())


def exact_names(clause: Mapping[str, Any]) -> Iterator[str]:
    """Names that the clause takes by `equals` alone, in lower case."""
    if "equals" in clause:
        yield clause["equals"].lower()
    for each in clause.get("or", ()):
        yield from exact_names(each)


def dashed_date(name: str) -> str:
    """`gpt-5.2-20251211` as `gpt-5.2-2025-12-11`: some write dates as one number."""
    return COMPACT_DATE.sub(_dashed, name)


def _dashed(match: re.Match[str]) -> str:
    year, month, day = (int(match.group(index)) for index in range(2, 5))
    try:
        return f"-{date(year, month, day).isoformat()}"
    except ValueError:
        return match.group(0)


def _any_of(tests: tuple[Test, ...]) -> Test:
    return lambda name: any(test(name) for test in tests)


def _all_of(tests: tuple[Test, ...]) -> Test:
    return lambda name: all(test(name) for test in tests)


_TEXT_TESTS: Mapping[str, Callable[[str], Test]] = {
    "equals": lambda text: lambda name: name == text,
    "starts_with": lambda text: lambda name: name.startswith(text),
    "ends_with": lambda text: lambda name: name.endswith(text),
    "contains": lambda text: lambda name: text in name,
}
