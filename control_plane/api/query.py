"""Query parameters: read by name, unknown and repeated ones refused."""

import re
from collections.abc import Collection, Mapping

from multidict import MultiMapping

from config_schemas.base import LABEL_PATTERN
from control_plane.errors import FieldError, Malformed

MAX_LIMIT = 1000
DEFAULT_LIMIT = 500
MAX_LABELS = 32
_LABEL_KEY = re.compile(LABEL_PATTERN)
_LABEL_VALUE = re.compile(r"[-A-Za-z0-9_./:@+]*")


class Query:
    """The parameters of one request.

    Raises:
        Malformed: one is unknown or there twice.
    """

    def __init__(self, given: MultiMapping[str], allowed: Collection[str]) -> None:
        unknown = sorted(set(given) - set(allowed))
        if unknown:
            known = ", ".join(f"`{name}`" for name in sorted(allowed)) or "none"
            raise _wrong(unknown[0], f"is not a query parameter here; allowed: {known}")
        twice = [name for name in given if len(given.getall(name)) > 1]
        if twice:
            raise _wrong(twice[0], "must be given once only")
        self._given: Mapping[str, str] = dict(given)

    def text(self, name: str) -> str:
        """Empty if it is not given."""
        return self._given.get(name, "")

    def flag(self, name: str) -> bool:
        match self._given.get(name, "false"):
            case "true" | "":
                return True
            case "false":
                return False
        raise _wrong(name, "must be 'true' or 'false'")

    def flag_or(self, name: str, default: bool) -> bool:
        """A flag that may be on without being named."""
        return self.flag(name) if name in self._given else default

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        text = self._given.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 19 or not low <= int(text) <= high:
            raise _wrong(name, f"must be a whole number from {low} to {high}")
        return int(text)

    def limit(self) -> int:
        return self.number("limit", default=DEFAULT_LIMIT, low=1, high=MAX_LIMIT)

    def labels(self) -> Mapping[str, str]:
        return parse_labels(self._given.get("labelSelector", ""))


def parse_labels(text: str) -> Mapping[str, str]:
    """Labels as in `a=b,c=d`.

    Raises:
        Malformed: it has another form.
    """
    labels: dict[str, str] = {}
    for pair in filter(None, text.split(",")):
        key, separator, value = (part.strip() for part in pair.partition("="))
        value = value.removeprefix("=")  # `a==b` is what some tools write
        if not separator or not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value) or key in labels:
            raise _wrong("labelSelector", "must be pairs such as 'team=search,stage=live'; all of them must match")
        labels[key] = value
    if len(labels) > MAX_LABELS:
        raise _wrong("labelSelector", f"must have at most {MAX_LABELS} pairs")
    return labels


def _wrong(name: str, message: str) -> Malformed:
    return Malformed(f"`{name}` {message}", [FieldError(name, message)])
