"""Conversations in no API's words, which clients act out by their SDKs, and to which fake providers know the answers.

Standard library alone: the processes that drive SDKs read it too.
"""

import pickle
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Words:
    """Text that the client sends."""

    text: str


@dataclass(frozen=True)
class Media:
    """A picture or a file, inline as base64, or behind a link."""

    media_type: str
    data: str = ""
    url: str = ""

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")


Part = Words | Media


@dataclass(frozen=True)
class ToolUse:
    """What the model wants to have called. In a history that the client brings along it has an id."""

    name: str
    arguments: Json = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True)
class Line:
    """One message of the opening. Of a tool's result `call_id` says whose it is."""

    role: str  # user | assistant | tool
    parts: tuple[Part, ...]
    calls: tuple[ToolUse, ...] = ()
    call_id: str = ""
    is_error: bool = False


@dataclass(frozen=True)
class ToolSpec:
    """A tool that the client has."""

    name: str
    parameters: Json
    strict: bool = False
    result: str = "fine"
    fails: bool = False  # what it answers is an error


@dataclass(frozen=True)
class Options:
    """What the client asks for beside the conversation."""

    max_tokens: int = 4096
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    choice: str = ""  # auto | required | none | a tool's name
    parallel: bool | None = None
    schema: Json | None = None
    json_mode: bool = False
    effort: str = ""
    candidates: int = 1
    logprobs: bool = False
    seed: int | None = None
    user: str = ""
    caches: bool = False  # marks the system prompt as worth keeping
    extra: Mapping[str, Any] = field(default_factory=dict)  # fields of the body that nobody knows


@dataclass(frozen=True)
class Tokens:
    """What a provider says was used; `input` has `cached` in it, `output` has `reasoning`."""

    input: int = 100
    output: int = 30
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Failure:
    """How the provider refuses. `kind` in its own words is the fake's to know."""

    status: int
    kind: str  # invalid | context | auth | missing | rate | server | overloaded
    retry_after: int = 0


@dataclass(frozen=True)
class Answer:
    """What the model says in one turn. `stop`: end | sequence | length | tool | refusal | filter.

    `breaks`: in the middle of its stream, by an `error` of the provider, or `cut`: the connection ends.
    """

    text: str = ""
    thought: str = ""
    calls: tuple[ToolUse, ...] = ()
    refusal: str = ""
    stop: str = "end"
    stop_sequence: str = ""
    tokens: Tokens = Tokens()
    failure: Failure | None = None
    breaks: str = ""
    pause_seconds: float = 0.0  # between the pieces of a stream


@dataclass(frozen=True)
class Scenario:
    """`answers`: one a turn. The client goes on after each but the last: with results if tools were called, else
    with `AND_THEN`.
    """

    name: str
    answers: tuple[Answer, ...]
    opening: tuple[Line, ...] = (Line("user", (Words("Hello."),)),)
    system: str = ""
    developer: str = ""
    options: Options = Options()
    stream: bool = False
    only: frozenset[str] = frozenset()  # client APIs that have such a thing; all if empty
    thinks: bool = False  # asks for a model that reasons
    family: str = "generate"  # | embed | rerank | count
    begins_at: str = ""  # the column that answers the first turn, where that is another

    def to_text(self) -> str:
        """For another process of ours."""
        return b64encode(pickle.dumps(self)).decode()


def scenario_of(text: str) -> Scenario:
    """What `to_text` has made, by ourselves."""
    found = pickle.loads(b64decode(text))
    assert isinstance(found, Scenario)
    return found


AND_THEN = "And then?"
