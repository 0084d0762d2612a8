"""What the fake providers have in common: they check a request as theirs does, note what they heard, and answer as the
conversation goes.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Protocol

from tests.fakes.matrix_scenario import Answer, Failure, Json, Scenario, ToolUse

MARK = re.compile(r"\[matrix (r[0-9]+)\]")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
KEY = "sk-of-the-provider"
PICTURES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
ANSWER_TOOL = "isthmus_answer"
FUTURE = "x_future"  # a field that the provider has learned since


@dataclass(frozen=True)
class Asked:
    """A request as it came; names of headers in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Json:
        try:
            found = json.loads(self.body)
        except ValueError as error:
            raise Refused(f"the body is no JSON: {error}") from None
        require(isinstance(found, dict), "the body is no object")
        return dict(found)


@dataclass(frozen=True)
class Reply:
    """`pieces`: as they leave, with a pause between. `is_cut`: the connection then ends without an end."""

    status: int
    headers: Mapping[str, str]
    pieces: tuple[bytes, ...]
    is_cut: bool = False
    pause_seconds: float = 0.0

    @property
    def is_whole(self) -> bool:
        """With its length, in one piece."""
        return len(self.pieces) == 1 and not self.is_cut


class Refused(Exception):
    """The provider's own rules forbid it."""

    def __init__(self, message: str, status: int = 400, kind: str = "invalid") -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


def require(condition: object, message: str) -> None:
    if not condition:
        raise Refused(message)


@dataclass
class Heard:
    """A request in no API's words. `turns`: of the model, that it holds."""

    stream: bool = False
    wants_usage: bool = True
    system: str = ""
    users: list[str] = field(default_factory=list)
    media: list[tuple[str, str]] = field(default_factory=list)
    assistants: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    results: list[tuple[str, str]] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)
    tools: dict[str, Any] = field(default_factory=dict)
    strict: set[str] = field(default_factory=set)
    choice: str = ""
    only_tool: str = ""  # what a choice of any comes to
    parallel: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: list[str] = field(default_factory=list)
    schema: Any = None
    json_mode: bool = False
    thinks: bool = False
    candidates: int = 1
    logprobs: bool = False
    seed: int | None = None
    user: str = ""
    caches: bool = False
    extra: Any = None
    wants_proofs: bool = True
    wants_summary: bool = True
    wants_sequence: bool = True
    turns: int = 0


@dataclass
class Run:
    """One conversation of a client. `refusals`: what the provider had against the gateway's requests."""

    id: str
    scenario: Scenario
    heard: list[Heard] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    turn: int = 0
    provider: str = ""  # whose turn it is
    given: dict[str, list[str]] = field(default_factory=dict)  # by provider, proofs of thoughts and calls
    call_ids: list[str] = field(default_factory=list)

    def prove(self, what: str) -> str:
        """Opaque state; the same for the same thing."""
        proof = b64encode(f"proof of {what} {self.turn} in {self.id} +/".encode()).decode()
        given = self.given.setdefault(self.provider, [])
        if proof not in given:
            given.append(proof)
        return proof

    def call_id(self, index: int, form: str) -> str:
        id = form.format(n=int(self.id[1:]) * 100 + self.turn * 10 + index)
        if id not in self.call_ids:
            self.call_ids.append(id)
        return id


class FakeProvider(Protocol):
    """One provider's API. `shows`: what its answers can hold (thought, proof, ids, logprobs, refusal, sequence)."""

    name: str
    shows: frozenset[str]
    family: str  # of those who take what the others have sealed; empty: it looks at nothing
    lacks: tuple[str, ...]  # beginnings of features that there is no word for
    stream_type: str

    def serves(self, path: str) -> bool: ...

    def read(self, asked: Asked) -> Heard:
        """
        Raises:
            Refused: the provider takes no such request.
        """

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes: ...

    def stream(self, answer: Answer, heard: Heard, run: Run) -> list[bytes]:
        """Frames; of an answer that `breaks` by an error, the error last, and of one that is cut, half of them."""

    def failure(self, failure: Failure, message: str) -> Reply: ...


class Stage:
    """Knows the conversations that go on."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}

    def begin(self, scenario: Scenario) -> Run:
        run = Run(f"r{len(self.runs) + 1}", scenario)
        self.runs[run.id] = run
        return run

    def perform(self, provider: FakeProvider, asked: Asked) -> Reply:
        """What the provider answers."""
        run = self._run(asked.body)
        try:
            if run is None:
                raise Refused("no conversation that the test knows of", 500, "server")
            heard = provider.read(asked)
            own = {*run.given.get(provider.family, ()), *FREE_PROOFS}
            require(not provider.family or set(heard.proofs) <= own, "Invalid signature: it is not what was given")
        except Refused as refused:
            if run is not None:
                run.refusals.append(str(refused))
            return provider.failure(Failure(refused.status, refused.kind), str(refused))
        run.heard.append(heard)
        run.provider = provider.family
        run.turn = heard.turns - turns_of_opening(run.scenario)
        if not 0 <= run.turn < len(run.scenario.answers):
            run.refusals.append(f"{heard.turns} turns of the model, which cannot be")
            return provider.failure(Failure(400, "invalid"), run.refusals[-1])
        answer = by_tool(run.scenario.answers[run.turn], heard)
        if answer.failure is not None:
            return provider.failure(answer.failure, MESSAGES[answer.failure.kind])
        if not heard.stream:
            return Reply(200, {"content-type": "application/json"}, (provider.whole(answer, heard, run),))
        return _streamed(provider, answer, heard, run)

    def _run(self, body: bytes) -> Run | None:
        found = MARK.search(body.decode(errors="replace"))
        return self.runs.get(found[1]) if found is not None else None


def by_tool(answer: Answer, heard: Heard) -> Answer:
    """A model without structured output answers by the tool that the gateway has put there for it."""
    if set(heard.tools) != {ANSWER_TOOL}:
        return answer
    schema = heard.tools.pop(ANSWER_TOOL)
    require(heard.choice in (ANSWER_TOOL, "required"), "the answer's tool need not be called")
    heard.choice = ""
    heard.json_mode = not schema.get("properties")
    heard.schema = None if heard.json_mode else schema
    return replace(answer, text="", calls=(ToolUse(ANSWER_TOOL, json.loads(answer.text)),), stop="tool")


MESSAGES = {
    "invalid": "The request is wrong in a way that only the provider knows.",
    "auth": "The key is not known.",
    "missing": "The model does not exist.",
    "rate": "Too many requests.",
    "server": "Something broke.",
    "overloaded": "Overloaded.",
    "context": "",  # each provider has its own words
}
EXCUSE = "skip_thought_signature_validator"  # Gemini's word for a call that another model made
FREE_PROOFS = (EXCUSE, b64encode(EXCUSE.encode()).decode())


def _streamed(provider: FakeProvider, answer: Answer, heard: Heard, run: Run) -> Reply:
    frames = provider.stream(answer, heard, run)
    headers = {"content-type": provider.stream_type}
    is_cut = answer.breaks == "cut"
    if is_cut:
        frames = frames[: max(1, len(frames) // 2)]
    if answer.pause_seconds:
        return Reply(200, headers, tuple(frames), is_cut, answer.pause_seconds)
    return Reply(200, headers, tuple(cut_oddly(b"".join(frames))), is_cut)


def cut_oddly(data: bytes, size: int = 157) -> Iterable[bytes]:
    """So that events, and characters, begin in one piece and end in the next."""
    characters = (at + 1 for at, byte in enumerate(data) if byte >= 0xC0)
    cuts = [*sorted({*range(0, len(data), size), *characters}), len(data)]
    return [data[start:end] for start, end in pairwise(cuts) if start < end]


def turns_of_opening(scenario: Scenario) -> int:
    return sum(line.role == "assistant" for line in scenario.opening)


def pieces_of(text: str, count: int = 4) -> list[str]:
    """A text as a model streams it."""
    size = max(1, -(-len(text) // count))
    return [text[start : start + size] for start in range(0, len(text), size)]


def sse(data: object, event: str = "") -> bytes:
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def check_fields(body: Mapping[str, object], known: Iterable[str], where: str = "") -> None:
    """The provider refuses what it does not know."""
    unknown = set(body) - set(known) - {FUTURE}
    require(not unknown, f"{where}{', '.join(sorted(unknown))}: Extra inputs are not permitted")


def check_strict(schema: Any, where: str) -> None:
    """As OpenAI's strict mode has it: objects are closed, and all of their properties required."""
    if isinstance(schema, list):
        for each in schema:
            check_strict(each, where)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        require(schema.get("additionalProperties") is False, f"{where}: 'additionalProperties' must be false")
        properties = schema.get("properties", {})
        require(set(schema.get("required", ())) == set(properties), f"{where}: 'required' must have every property")
    for name, each in schema.items():
        if name not in ("enum", "const", "default"):
            check_strict(each, where)
