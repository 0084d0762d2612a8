"""Reads a JSON object field by field, for codecs: what nobody asks for is left over, as it was written."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec
from msgspec import Raw

Value = TypeVar("Value")

NULL = b"null"

_text = msgspec.json.Decoder(str).decode
_flag = msgspec.json.Decoder(bool).decode
_integer = msgspec.json.Decoder(int).decode
_number = msgspec.json.Decoder(float).decode
_object = msgspec.json.Decoder(dict[str, Raw]).decode
_array = msgspec.json.Decoder(list[Raw]).decode
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Unreadable(Exception):
    """The text names the field by its path, as `messages[1].content`, and says what it must be; no values."""


class JsonReader:
    """Each method takes its field away. A field that is null is as one that is not there."""

    __slots__ = ("_fields", "_index", "_place")

    def __init__(self, fields: dict[str, Raw], place: str = "", index: int = -1) -> None:
        """`place`: the path, or that of an array in which it is the one with `index`."""
        self._fields = fields
        self._place = place
        self._index = index

    @classmethod
    def of(cls, raw: Raw | bytes, place: str = "", index: int = -1) -> "JsonReader":
        """Of an object, as above.

        Raises:
            Unreadable: it is something else.
        """
        try:
            return cls(_object(raw), place, index)
        except UNREADABLE:
            raise Unreadable(f"`{cls({}, place, index).path or 'the body'}` must be an object") from None

    @property
    def path(self) -> str:
        """Where it stands. Put together only when somebody asks: for errors, as a rule."""
        return self._place if self._index < 0 else f"{self._place}[{self._index}]"

    def at(self, name: str) -> str:
        """The path of a field."""
        path = self.path
        return f"{path}.{name}" if path else name

    def has(self, name: str) -> bool:
        """Whether a field is there, and is not null."""
        raw = self._fields.get(name)
        return raw is not None and not _is_null(raw)

    def has_any(self, names: frozenset[str]) -> bool:
        """Whether any of these fields is there."""
        return not names.isdisjoint(self._fields)

    def raw(self, name: str) -> Raw | None:
        """The value as it was written."""
        raw = self._fields.pop(name, None)
        return None if raw is None or _is_null(raw) else raw

    def put_back(self, name: str, raw: Raw) -> None:
        """As if nobody had asked for it."""
        self._fields[name] = raw

    def text(self, name: str, default: str = "") -> str:
        return self._read(name, _text, "a string", default)

    def required_text(self, name: str) -> str:
        """As `text`, but it must be there, and may be empty."""
        raw = self.raw(name)
        if raw is None:
            raise Unreadable(f"`{self.at(name)}` is required")
        return self._decode(name, raw, _text, "a string")

    def flag(self, name: str) -> bool | None:
        return self._read_optional(name, _flag, "true or false")

    def integer(self, name: str) -> int | None:
        return self._read_optional(name, _integer, "an integer")

    def number(self, name: str) -> float | None:
        return self._read_optional(name, _number, "a number")

    def one_of(self, name: str, values: frozenset[str]) -> str:
        """One of these words; empty if it is not there."""
        found = self.text(name)
        if found and found not in values:
            raise Unreadable(f"`{self.at(name)}` must be one of {', '.join(sorted(values))}")
        return found

    def object(self, name: str) -> "JsonReader | None":
        raw = self.raw(name)
        return None if raw is None else JsonReader.of(raw, self.at(name))

    def objects(self, name: str) -> "Iterator[JsonReader]":
        """The objects of an array; of none if it is not there."""
        place = self.at(name)
        for index, raw in enumerate(self.array(name)):
            yield JsonReader.of(raw, place, index)

    def array(self, name: str) -> list[Raw]:
        raw = self.raw(name)
        return [] if raw is None else self._decode(name, raw, _array, "an array")

    def texts(self, name: str) -> tuple[str, ...]:
        """A string, or an array of strings."""
        raw = self.raw(name)
        if raw is None:
            return ()
        if bytes(raw)[:1] == b'"':
            return (self._decode(name, raw, _text, "a string or an array of strings"),)
        return tuple(
            self._decode(f"{name}[{index}]", each, _text, "a string")
            for index, each in enumerate(self._decode(name, raw, _array, "a string or an array of strings"))
        )

    def required_object(self, name: str) -> "JsonReader":
        """As `object`, but it must be there."""
        inner = self.object(name)
        if inner is None:
            raise Unreadable(f"`{self.at(name)}` is required")
        return inner

    def mapping(self, name: str, decode: Callable[[Raw], Value], what: str) -> Value | None:
        """A value that `decode` reads whole; `what` says what it must be."""
        return self._read_optional(name, decode, what)

    def rest(self) -> dict[str, Raw]:
        """What nobody has asked for."""
        return {name: raw for name, raw in self._fields.items() if not _is_null(raw)}

    def _read(self, name: str, decode: Callable[[Raw], Value], what: str, default: Value) -> Value:
        raw = self.raw(name)
        return default if raw is None else self._decode(name, raw, decode, what)

    def _read_optional(self, name: str, decode: Callable[[Raw], Value], what: str) -> Value | None:
        raw = self.raw(name)
        return None if raw is None else self._decode(name, raw, decode, what)

    def _decode(self, name: str, raw: Raw, decode: Callable[[Raw], Value], what: str) -> Value:
        try:
            return decode(raw)
        except UNREADABLE:
            raise Unreadable(f"`{self.at(name)}` must be {what}") from None


def _is_null(raw: Raw) -> bool:
    return len(raw) == 4 and bytes(raw) == NULL  # the length first: values may be megabytes, and `bytes` copies them
