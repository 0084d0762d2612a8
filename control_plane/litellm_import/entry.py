"""A mapping of a configuration that must account for each of its keys: taken, or listed with a reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from control_plane.litellm_import.finding import Finding, Weight

MAX_KEY_CHARACTERS = 80  # of a path; keys are names, and whoever wrote a text there finds it by its beginning
MAX_NUMBER = 1e15
OFF = "it is off or empty"
MATTERS_WHEN_OFF = frozenset(("ssl_verify",))
Json = object
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a key has no place in the result."""

    weight: Weight
    reason: str
    advice: str = ""


class Entry:
    """What was asked for counts as accounted for; `list_rest` lists the others."""

    def __init__(self, values: Mapping[str, Json], path: str, findings: list[Finding]) -> None:
        self._values = values
        self._taken: set[str] = set()
        self.findings = findings
        self.path = path

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._values)

    def has(self, key: str) -> bool:
        """Whether it has a value. Does not count as taken."""
        return self.peek(key) is not None

    def peek(self, key: str) -> Json:
        """The value. Does not count as taken."""
        return self._values.get(key)

    def over(self, base: Mapping[str, Json]) -> "Entry":
        """The same one with values below it, which count where it has none itself."""
        found = Entry({**base, **{k: v for k, v in self._values.items() if v is not None}}, self.path, self.findings)
        found._taken = self._taken
        return found

    def place(self, key: str) -> str:
        """The path of a key."""
        name = key if len(key) <= MAX_KEY_CHARACTERS else f"{key[:MAX_KEY_CHARACTERS]}..."
        return f"{self.path}.{name}" if self.path else name

    def say(self, key: str, weight: Weight, reason: str, advice: str = "") -> None:
        self._taken.add(key)
        self.findings.append(Finding(self.place(key), weight, reason, advice))

    def take(self, key: str) -> Json:
        """The value, None if there is none."""
        self._taken.add(key)
        return self._values.get(key)

    def text(self, key: str) -> str | None:
        """Text that is not empty. Anything else is listed."""
        value = self.take(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)  # LiteLLM takes an unquoted number where it wants text
        return self._expect(key, value, str, "text") or None

    def number(self, key: str) -> float | None:
        """A number, also one written as text, as LiteLLM takes them. Anything else is listed."""
        value = self.take(key)
        if value is None:
            return None
        found = _number(value)
        if found is None:
            self.say(key, "NotMapped", "it is not a number", "write a number")
        return found

    def flag(self, key: str) -> bool | None:
        """True or false, also as text. Anything else is listed."""
        value = self.take(key)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        return self._expect(key, value, bool, "true or false")

    def entry(self, key: str) -> "Entry":
        """A mapping within; an empty one where there is none. Anything else is listed."""
        found = self._expect(key, self.take(key), dict, "a mapping")
        return Entry(found or {}, self.place(key), self.findings)

    def items(self, key: str) -> list[tuple[str, Json]]:
        """What a list holds, with the path of each. Anything else is listed."""
        found = self._expect(key, self.take(key), list, "a list")
        return [(f"{self.place(key)}[{index}]", item) for index, item in enumerate(found or ())]

    def entries(self, key: str) -> list["Entry"]:
        """The mappings of a list; what is none is listed."""
        found = []
        for path, item in self.items(key):
            if isinstance(item, dict):
                found.append(Entry(item, path, self.findings))
            else:
                self.findings.append(Finding(path, "NotMapped", "it is no mapping", "write it as `key: value` lines"))
        return found

    def list_rest(self, explain: Callable[[str], Explanation]) -> None:
        """List each key that nobody took, and what a list holds one by one. Keys without a value say nothing."""
        for key, value in self._values.items():
            if key in self._taken or value is None:
                continue
            found = explain(key)
            if is_off(value) and key not in MATTERS_WHEN_OFF:
                self.say(key, "NotNeeded", OFF)
            elif isinstance(value, list):
                self._taken.add(key)
                self.findings += [
                    Finding(f"{self.place(key)}[{index}]", found.weight, found.reason, found.advice)
                    for index in range(len(value))
                ]
            else:
                self.say(key, found.weight, found.reason, found.advice)

    def _expect(self, key: str, value: Json, kind: type[Kind], what: str) -> Kind | None:
        if value is None or isinstance(value, kind):
            return value
        self.say(key, "NotMapped", f"it is not {what}", f"write {what}")
        return None


def is_off(value: Json) -> bool:
    """Whether it says that something shall not be."""
    return value is False or value == [] or value == {} or value == ""


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) <= MAX_NUMBER else None  # also no infinity, and no NaN
