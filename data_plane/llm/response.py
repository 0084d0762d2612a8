"""An answer, in no provider's words."""

from enum import Enum

from msgspec import Raw, Struct

from data_plane.llm.content import Part
from data_plane.usage import Usage


class Stop(Enum):
    """Why the model wrote no more. Codecs word each as their API can; none invents a value."""

    END = "end"
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"
    CONTEXT_FULL = "context_full"
    TOOL = "tool"
    PAUSE = "pause"  # the provider's own tools take long: ask again with what has come
    REFUSAL = "refusal"  # a filter, or the model itself
    RECITATION = "recitation"
    MALFORMED_TOOL = "malformed_tool"  # the model called a tool as it cannot be called
    OTHER = "other"


class TokenLogprob(Struct):
    """`utf8`: the token's bytes, where its text is no whole character."""

    token: str
    logprob: float
    utf8: list[int] | None = None
    top: list["TokenLogprob"] = []


class Candidate(Struct):
    """One answer. `stop_sequence`: which one ended it. `native_stop`: the provider's word for `stop`.

    `extras`: as of a request.
    """

    parts: list[Part]
    stop: Stop
    stop_sequence: str | None = None
    native_stop: str = ""
    logprobs: list[TokenLogprob] | None = None
    extras: dict[str, Raw] = {}


class GenerateResponse(Struct):
    """`created`: seconds since 1970, 0 where the API does not say. `extras`: as of a request."""

    api: str
    id: str
    model: str
    candidates: list[Candidate]
    usage: Usage | None = None
    created: int = 0
    service_tier: str = ""
    extras: dict[str, Raw] = {}
