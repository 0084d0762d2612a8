"""Images, speech and transcriptions of OpenAI, as far as a relay needs them: how they word usage.

Source: platform.openai.com/docs/api-reference/images and /audio (2026-11).
"""

from typing import Annotated

import msgspec

from data_plane.usage import Usage

Count = Annotated[int, msgspec.Meta(ge=0)]


class _Details(msgspec.Struct, gc=False):
    image_tokens: Count | None = 0
    audio_tokens: Count | None = 0


class _Usage(msgspec.Struct, gc=False):
    """Images say `input_tokens_details`, transcriptions `input_token_details`. Of seconds there are no tokens."""

    input_tokens: Count
    output_tokens: Count = 0
    input_tokens_details: _Details | None = None
    input_token_details: _Details | None = None


_decode = msgspec.json.Decoder(_Usage).decode


def usage(head: bytes | None, tail: bytes) -> Usage:
    """What the last usage object says, in disjoint buckets: here details are part of the totals."""
    counted = _decode(tail)
    details = counted.input_tokens_details or counted.input_token_details or _Details()
    seen, heard = details.image_tokens or 0, details.audio_tokens or 0
    return Usage(
        input_uncached=max(0, counted.input_tokens - seen - heard),
        output=counted.output_tokens,
        input_audio=heard,
        input_image=seen,
    )
