"""OpenAI Responses, as far as a relay needs it. Source: platform.openai.com/docs/api-reference/responses (2026-11)."""

from typing import Annotated

import msgspec

from data_plane.usage import Usage

Count = Annotated[int, msgspec.Meta(ge=0)]


class _InputDetails(msgspec.Struct, gc=False):
    cached_tokens: Count | None = 0
    cache_write_tokens: Count | None = 0


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: Count | None = 0


class _Usage(msgspec.Struct, gc=False):
    input_tokens: Count
    output_tokens: Count = 0
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


_decode = msgspec.json.Decoder(_Usage).decode


def usage(head: bytes | None, tail: bytes) -> Usage:
    """What the last usage object says, in disjoint buckets: here details are part of the totals."""
    counted = _decode(tail)
    inputs = counted.input_tokens_details or _InputDetails()
    cached, written = inputs.cached_tokens or 0, inputs.cache_write_tokens or 0
    reasoned = (counted.output_tokens_details or _OutputDetails()).reasoning_tokens or 0
    return Usage(
        input_uncached=max(0, counted.input_tokens - cached - written),
        cache_read=cached,
        cache_write_5m=written,
        reasoning=reasoned,
        output=max(0, counted.output_tokens - reasoned),
    )
