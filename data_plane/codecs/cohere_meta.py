"""What Cohere's answers say of what they cost. Source: docs.cohere.com/reference/rerank, `meta` (2026-11)."""

from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.openai_chat import usage_of_answer as usage_of_others
from data_plane.usage import Usage


def usage(head: bytes | None, tail: bytes) -> Usage | None:
    """What `meta` says, for a relay; None where searches are billed, not tokens."""
    try:
        return read_meta(JsonReader.of(tail))[0]
    except Unreadable:
        return None


def usage_of_answer(body: bytes) -> Usage | None:
    """What a whole answer says, for a relay; servers that take the same requests may word it as OpenAI does."""
    try:
        return read_meta(JsonReader.of(body).object("meta"))[0] or usage_of_others(body)
    except Unreadable:
        return None


def read_meta(meta: JsonReader | None) -> tuple[Usage | None, int | None]:
    """Billed tokens and billed searches; each None where it says none. Counts are floating-point numbers here.

    Raises:
        Unreadable: they are no numbers.
    """
    billed = meta.object("billed_units") if meta is not None else None
    counted = meta.object("tokens") if meta is not None else None
    units = billed.number("search_units") if billed is not None else None
    usage = _tokens(billed) or _tokens(counted)
    return usage, None if units is None else _count(units)


def _tokens(reader: JsonReader | None) -> Usage | None:
    if reader is None:
        return None
    text, images = reader.number("input_tokens"), reader.number("image_tokens")
    if text is None and images is None:
        return None
    return Usage(input_uncached=_count(text), input_image=_count(images))


def _count(number: float | None) -> int:
    return 0 if number is None else max(0, round(number))
