"""Words a request for a provider that speaks another's API with differences: fields renamed, and left out.

Left out is only what the provider refuses, and what says nothing about the answer: where to look in a cache, whom to
ask about abuse. What a provider has no equivalent for is left to the provider to refuse.
"""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256

import msgspec
from msgspec import Raw

from data_plane.codecs.json_reader import UNREADABLE
from data_plane.providers.surface import Asked

Fields = dict[str, Raw]
Word = Callable[[Fields, Asked], Fields]
Step = Callable[[Fields], None]  # changes the fields that it is given
MessageStep = Callable[[Fields], bool]  # as `Step`, of one message; whether anything was changed

SYSTEM = Raw(b'"system"')
EMPTY = (b"null", b"[]")
NOTHING = (b"false", b"null", b"[]")
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
NINE_LETTERS_OR_DIGITS = re.compile("[a-zA-Z0-9]{9}")

_encode = msgspec.json.Encoder().encode
_objects = msgspec.json.Decoder(list[Fields]).decode
_text = msgspec.json.Decoder(str).decode


def worded(*steps: Step) -> Word:
    """The provider's name for the model, then each step."""

    def word(fields: Fields, asked: Asked) -> Fields:
        made = {**fields, "model": raw_text(asked.model)}
        for step in steps:
            step(made)
        return made

    return word


def raw_text(text: str) -> Raw:
    """As JSON."""
    return Raw(_encode(text))


def raw_list(texts: list[str]) -> Raw:
    """As JSON."""
    return Raw(_encode(texts))


def without(*names: str) -> Step:
    """Fields that the provider refuses, and that say nothing about the answer."""

    def step(fields: Fields) -> None:
        for name in names:
            fields.pop(name, None)

    return step


def without_false(name: str) -> Step:
    """A field that the provider refuses, where it asks for nothing."""

    def step(fields: Fields) -> None:
        if bytes(fields.get(name, b"")) in NOTHING:
            del fields[name]

    return step


def renamed(names: Mapping[str, str]) -> Step:
    """Fields by the provider's names. Where both are there, the provider's own yields to what is asked for."""

    def step(fields: Fields) -> None:
        for name, other in names.items():
            if name in fields:
                fields[other] = fields.pop(name)

    return step


def each_message(*steps: MessageStep) -> Step:
    """What stands in messages. They stay as they were written where nothing is to be changed."""

    def step(fields: Fields) -> None:
        raw = fields.get("messages")
        if raw is None:
            return
        try:
            messages = _objects(raw)
        except UNREADABLE:
            return  # the provider says what is wrong with it
        is_changed = False
        for message in messages:
            for change in steps:
                is_changed = change(message) or is_changed
        if is_changed:
            fields["messages"] = Raw(_encode(messages))

    return step


def developer_as_system(message: Fields) -> bool:
    """For providers that know no developers: what they say is what the system says."""
    if bytes(message.get("role", b"")) != b'"developer"':
        return False
    message["role"] = SYSTEM
    return True


def without_empty(*names: str) -> MessageStep:
    """Fields that OpenAI's SDK writes when an answer is sent back, where there is nothing in them."""

    def step(message: Fields) -> bool:
        found = [name for name in names if bytes(message.get(name, b"")) in EMPTY]
        for name in found:
            del message[name]
        return bool(found)

    return step


def thoughts_as(name: str) -> MessageStep:
    """What most servers, and their clients, call `reasoning_content`."""

    def step(message: Fields) -> bool:
        raw = message.pop("reasoning_content", None)
        if raw is None:
            return False
        message.setdefault(name, raw)
        return True

    return step


def nine_character_ids(message: Fields) -> bool:
    """Ids of calls as Mistral's models take them. One that another API has made becomes the same one every time."""
    is_changed = _shorten(message, "tool_call_id")
    raw = message.get("tool_calls")
    if raw is None:
        return is_changed
    try:
        calls = _objects(raw)
    except UNREADABLE:
        return is_changed
    found = [_shorten(call, "id") for call in calls]
    if not any(found):
        return is_changed
    message["tool_calls"] = Raw(_encode(calls))
    return True


def short_id(id: str) -> str:
    """The same nine letters and digits for the same id."""
    if NINE_LETTERS_OR_DIGITS.fullmatch(id):
        return id
    number = int.from_bytes(sha256(id.encode()).digest()[:8], "big")
    characters = []
    for _ in range(9):
        number, digit = divmod(number, len(DIGITS))
        characters.append(DIGITS[digit])
    return "".join(characters)


def _shorten(fields: Fields, name: str) -> bool:
    raw = fields.get(name)
    if raw is None:
        return False
    try:
        id = _text(raw)
    except UNREADABLE:
        return False
    short = short_id(id)
    if short == id:
        return False
    fields[name] = raw_text(short)
    return True
