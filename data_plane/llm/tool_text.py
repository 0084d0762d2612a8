"""How OpenAI's models read functions: as a few words for each parameter, with tokens around them.

Source: cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken (2026-11), numbers for GPT-4o.
"""

import msgspec
from msgspec import Raw

from data_plane.llm.request import FunctionTool

PER_FUNCTION, PER_PROPERTIES, PER_PROPERTY, PER_ENUM, PER_CHOICE = 7, 3, 3, -3, 3

_decode = msgspec.json.Decoder(dict[str, Raw]).decode
_text = msgspec.json.Decoder(str).decode
_array = msgspec.json.Decoder(list[Raw]).decode
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def tool_text(tool: FunctionTool) -> tuple[list[str], int]:
    """The texts that are read, and the tokens around them."""
    texts = [f"{tool.name}:{tool.description.removesuffix('.')}"]
    tokens = PER_FUNCTION
    properties = _fields(_fields(tool.parameters).get("properties"))
    if properties:
        tokens += PER_PROPERTIES
    for name, schema in properties.items():
        more, around = _property(name, _fields(schema), schema)
        texts += more
        tokens += around
    return texts, tokens


def _property(name: str, fields: dict[str, Raw], schema: Raw) -> tuple[list[str], int]:
    """What lies deeper is read as it was written."""
    if "properties" in fields or "items" in fields:
        return [f"{name}:{bytes(schema).decode(errors='replace')}"], PER_PROPERTY
    kind, description = _string(fields.get("type")), _string(fields.get("description"))
    texts, tokens = [f"{name}:{kind}:{description.removesuffix('.')}"], PER_PROPERTY
    choices = _choices(fields.get("enum"))
    if choices:
        tokens += PER_ENUM + PER_CHOICE * len(choices)
        texts += choices
    return texts, tokens


def _fields(raw: Raw | None) -> dict[str, Raw]:
    try:
        return {} if raw is None else _decode(raw)
    except UNREADABLE:
        return {}


def _string(raw: Raw | None) -> str:
    try:
        return "" if raw is None else _text(raw)
    except UNREADABLE:
        return ""


def _choices(raw: Raw | None) -> list[str]:
    try:
        return [] if raw is None else [bytes(each).decode().strip('"') for each in _array(raw)]
    except UNREADABLE:
        return []
