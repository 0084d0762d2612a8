"""A streamed answer, in no provider's words: what has come, in order.

Of each candidate, parts follow one another: `PartStarted`, its deltas, `PartEnded`; their numbers count from 0 without
a gap. Then `CandidateEnded`. `Started` is first, `Ended` or `Failed` last, exactly once. A decoder makes this
of whatever a provider sends, and an encoder may rely on it.
"""

from enum import Enum

from msgspec import Raw, Struct

from data_plane.llm.content import Opaque
from data_plane.llm.response import Stop, TokenLogprob
from data_plane.usage import Usage


class PartKind(Enum):
    """Of what a part is made."""

    TEXT = "text"
    THOUGHT = "thought"
    TOOL_CALL = "tool_call"
    REFUSAL = "refusal"
    AUDIO = "audio"
    OPAQUE = "opaque"


class Started(Struct, tag=True):
    """`usage`: what is known of the input; later events correct it. `api`: the wire API of the provider's stream."""

    id: str
    model: str
    created: int = 0
    usage: Usage | None = None
    service_tier: str = ""
    extras: dict[str, Raw] = {}
    api: str = ""


class PartStarted(Struct, tag=True):
    """`id` and `name` are a tool call's, or the id of a thought; `opaque` is all of an `OPAQUE` part.

    Text and refusals with the same `id` belong to one message; few APIs say so.
    """

    candidate: int
    part: int
    kind: PartKind
    id: str = ""
    name: str = ""
    is_custom: bool = False
    is_summary: bool = False
    opaque: Opaque | None = None


class Delta(Struct, tag=True):
    """More of a part: text, or of a tool call its arguments. `logprobs` belong to this text.

    `citation`: a source of the text until here, for the API that it came by; `text` is then empty.
    """

    candidate: int
    part: int
    text: str
    logprobs: list[TokenLogprob] | None = None
    citation: Opaque | None = None


class Sealed(Struct, tag=True):
    """State of the provider that goes back with the part: `signature` proves a thought, `sealed` replaces its text."""

    candidate: int
    part: int
    signature: str = ""
    sealed: str = ""


class PartEnded(Struct, tag=True):
    """Nothing more of the part comes."""

    candidate: int
    part: int


class CandidateEnded(Struct, tag=True):
    """As of `Candidate`."""

    candidate: int
    stop: Stop
    stop_sequence: str | None = None
    native_stop: str = ""
    extras: dict[str, Raw] = {}


class UsageKnown(Struct, tag=True):
    """All that was used until now: replaces what was said before."""

    usage: Usage


class Alive(Struct, tag=True):
    """The provider is there, and has nothing to say."""


class Failed(Struct, tag=True):
    """The provider broke off. `code` and `message` are its own words, for the client; `status` as of an answer."""

    status: int
    code: str
    message: str


class Ended(Struct, tag=True):
    """The answer is whole."""


Event = Started | PartStarted | Delta | Sealed | PartEnded | CandidateEnded | UsageKnown | Alive | Failed | Ended
