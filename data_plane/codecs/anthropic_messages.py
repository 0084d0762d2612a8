"""Anthropic Messages, as far as a relay needs it. Source: docs.anthropic.com/en/api/messages (2023-06-01)."""

from typing import Annotated

import msgspec

from data_plane.usage import Usage

Count = Annotated[int, msgspec.Meta(ge=0)]


class _CacheCreation(msgspec.Struct, gc=False):
    ephemeral_5m_input_tokens: Count | None = 0
    ephemeral_1h_input_tokens: Count | None = 0


class _OutputDetails(msgspec.Struct, gc=False):
    thinking_tokens: Count | None = 0


class _Usage(msgspec.Struct, gc=False):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_creation: _CacheCreation | None = None
    output_tokens_details: _OutputDetails | None = None
    service_tier: str | None = None


_decode = msgspec.json.Decoder(_Usage).decode


def usage(head: bytes | None, tail: bytes) -> Usage:
    """The buckets of a stream's `message_start`, as its last `message_delta` corrects them; or of one whole answer.

    Input tokens exclude what the cache gave or took. Output counts are cumulative, and include thought.
    """
    last = _decode(tail)
    return _in_buckets(last if head is None else _decode(head), last)


def usage_of_answer(counted: bytes) -> tuple[Usage, str]:
    """Of one whole answer, or of a stream's start; beside it the service tier, empty if it is not told."""
    found = _decode(counted)
    return _in_buckets(found, found), found.service_tier or ""


def _in_buckets(first: _Usage, last: _Usage) -> Usage:
    created = last.cache_creation or first.cache_creation
    written = _newer(first.cache_creation_input_tokens, last.cache_creation_input_tokens)
    details = last.output_tokens_details or first.output_tokens_details
    output = _newer(first.output_tokens, last.output_tokens)
    thought = min(output, details.thinking_tokens or 0) if details is not None else 0
    for_an_hour = (created.ephemeral_1h_input_tokens or 0) if created is not None else 0
    return Usage(
        input_uncached=_newer(first.input_tokens, last.input_tokens),
        cache_read=_newer(first.cache_read_input_tokens, last.cache_read_input_tokens),
        cache_write_5m=max(0, written - for_an_hour),
        cache_write_1h=for_an_hour,
        reasoning=thought,
        output=output - thought,
    )


def _newer(first: int | None, last: int | None) -> int:
    return last if last is not None else first or 0
