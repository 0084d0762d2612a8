"""Gemini's generateContent, as far as a relay needs it. Source: ai.google.dev/api/generate-content (v1beta)."""

from typing import Annotated

import msgspec

from data_plane.usage import Usage

Count = Annotated[int, msgspec.Meta(ge=0)]


class _Modality(msgspec.Struct, gc=False, rename="camel"):
    modality: str = ""
    token_count: Count = 0


class _Usage(msgspec.Struct, gc=False, rename="camel"):
    prompt_token_count: Count = 0
    tool_use_prompt_token_count: Count = 0
    cached_content_token_count: Count = 0
    candidates_token_count: Count = 0
    thoughts_token_count: Count = 0
    prompt_tokens_details: list[_Modality] = []
    cache_tokens_details: list[_Modality] = []
    candidates_tokens_details: list[_Modality] = []


_decode = msgspec.json.Decoder(_Usage).decode


def usage(head: bytes | None, tail: bytes) -> Usage:
    """What the last chunk says, in disjoint buckets: the prompt includes what was cached, candidates no thoughts."""
    counted = _decode(tail)
    audio = max(0, _of("AUDIO", counted.prompt_tokens_details) - _of("AUDIO", counted.cache_tokens_details))
    image = max(0, _of("IMAGE", counted.prompt_tokens_details) - _of("IMAGE", counted.cache_tokens_details))
    spoken = _of("AUDIO", counted.candidates_tokens_details)
    prompt = counted.prompt_token_count + counted.tool_use_prompt_token_count
    return Usage(
        input_uncached=max(0, prompt - counted.cached_content_token_count - audio - image),
        cache_read=counted.cached_content_token_count,
        reasoning=counted.thoughts_token_count,
        output=max(0, counted.candidates_token_count - spoken),
        input_audio=audio,
        output_audio=spoken,
        input_image=image,
    )


def _of(modality: str, details: list[_Modality]) -> int:
    return sum(each.token_count for each in details if each.modality == modality)
