"""How OpenAI Chat Completions words usage. A module of its own, since structs cannot be compiled."""

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]


class InputDetails(msgspec.Struct, gc=False):
    """Parts of the prompt's tokens."""

    cached_tokens: Count | None = 0
    cache_write_tokens: Count | None = 0
    audio_tokens: Count | None = 0


class OutputDetails(msgspec.Struct, gc=False):
    """Parts of the completion's tokens."""

    reasoning_tokens: Count | None = 0
    audio_tokens: Count | None = 0


class ChatUsage(msgspec.Struct, gc=False):
    """`usage` of an answer; details are part of the totals."""

    prompt_tokens: Count = 0
    completion_tokens: Count | None = 0
    total_tokens: Count = 0
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None


class ChatAnswer(msgspec.Struct, gc=False):
    """What is read of a whole answer."""

    usage: ChatUsage | None = None
