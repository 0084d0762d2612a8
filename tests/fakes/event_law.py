"""The law of event sequences that `data_plane/llm/events.py` states, checked; and sequences that obey it, generated."""

import json
from base64 import b64encode
from collections.abc import Sequence

from hypothesis import strategies as st

from data_plane.llm.events import (
    Alive,
    CandidateEnded,
    Delta,
    Ended,
    Event,
    Failed,
    PartEnded,
    PartKind,
    PartStarted,
    Sealed,
    Started,
    UsageKnown,
)
from data_plane.llm.response import Stop
from data_plane.usage import Usage

WHOLE_STOPS = tuple(stop for stop in Stop if stop is not Stop.MALFORMED_TOOL)


class _Candidate:
    def __init__(self) -> None:
        self.parts = 0
        self.open: PartStarted | None = None
        self.is_ended = False


def assert_lawful(events: Sequence[Event], *, is_finished: bool = True) -> None:
    """`is_finished`: all of a stream, not its beginning. A stream that has failed at once has no `Started`."""
    candidates: dict[int, _Candidate] = {}
    for place, event in enumerate(events):
        is_last = place == len(events) - 1
        assert isinstance(event, Started) == (place == 0) or isinstance(event, Failed), f"{place}: {event}"
        assert is_last or not isinstance(event, Ended | Failed), f"{place}: {event} is not last"
        if isinstance(event, PartStarted | Delta | Sealed | PartEnded | CandidateEnded):
            _check_part(candidates.setdefault(event.candidate, _Candidate()), event)
        elif isinstance(event, Ended):
            assert candidates, "no candidate"
            assert all(each.is_ended for each in candidates.values()), "a candidate has not ended"
        elif isinstance(event, UsageKnown):
            assert min(_counts(event.usage)) >= 0
    if is_finished:
        assert events, "nothing"
        assert isinstance(events[-1], Ended | Failed), events[-1]


def _check_part(state: _Candidate, event: PartStarted | Delta | Sealed | PartEnded | CandidateEnded) -> None:
    assert not state.is_ended, f"{event} after the end of its candidate"
    if isinstance(event, PartStarted):
        assert state.open is None, f"{event} while {state.open} is open"
        assert event.part == state.parts, f"{event} is not number {state.parts}"
        assert (event.opaque is not None) == (event.kind is PartKind.OPAQUE), event
        state.parts += 1
        state.open = event
    elif isinstance(event, CandidateEnded):
        assert state.open is None, f"{event} while {state.open} is open"
        state.is_ended = True
    else:
        assert state.open is not None, f"{event} belongs to no part"
        assert event.part == state.open.part, f"{event} belongs to another part than {state.open}"
        if isinstance(event, PartEnded):
            state.open = None


def _counts(usage: Usage) -> tuple[int, ...]:
    return tuple(getattr(usage, name) for name in usage.__struct_fields__)


def text_of(events: Sequence[Event], kind: PartKind, candidate: int = 0) -> list[str]:
    """Of each part of this kind, all its text."""
    texts: dict[int, str] = {}
    for event in events:
        if isinstance(event, PartStarted) and event.kind is kind and event.candidate == candidate:
            texts[event.part] = ""
        elif isinstance(event, Delta) and event.candidate == candidate and event.part in texts:
            texts[event.part] += event.text
    return list(texts.values())


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
COUNTS = st.integers(0, 10**9)
USAGES = st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
ARGUMENTS = st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(), st.none(), st.booleans()), max_size=3)
STATES = st.binary(min_size=1, max_size=9).map(lambda state: b64encode(state).decode())


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    """The text, cut somewhere."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@st.composite
def parts(draw: st.DrawFn, candidate: int, part: int) -> list[Event]:
    """One part: arguments of calls are an object, thoughts have state or text or both."""
    kinds = (PartKind.TEXT, PartKind.THOUGHT, PartKind.TOOL_CALL, PartKind.REFUSAL)
    kind = draw(st.sampled_from(kinds))
    id, name, text = "", "", draw(TEXTS)
    sealed: list[Event] = []
    if kind is PartKind.TOOL_CALL:
        id, name = f"call_{candidate}_{part}", draw(NAMES)
        text = json.dumps(draw(ARGUMENTS))
    elif kind is PartKind.THOUGHT and draw(st.booleans()):
        if draw(st.booleans()):
            sealed = [Sealed(candidate, part, signature=draw(STATES))]
        else:
            sealed = [Sealed(candidate, part, sealed=draw(STATES))]
            text = ""
    deltas: list[Event] = [Delta(candidate, part, piece) for piece in draw(pieces(text))]
    if draw(st.booleans()):
        deltas.insert(draw(st.integers(0, len(deltas))), Alive())
    started = PartStarted(candidate, part, kind, id, name)
    return [started, *deltas, *sealed, PartEnded(candidate, part)]


@st.composite
def lawful_events(draw: st.DrawFn, api: str = "", candidates: int = 1) -> list[Event]:
    """A whole answer of one candidate or more, one after the other."""
    events: list[Event] = [Started(draw(NAMES), draw(NAMES), usage=draw(st.none() | USAGES), api=api)]
    for candidate in range(candidates):
        for part in range(draw(st.integers(0, 4))):
            events += draw(parts(candidate, part))
            if draw(st.booleans()):
                events.append(UsageKnown(draw(USAGES)))
        events.append(CandidateEnded(candidate, draw(st.sampled_from(WHOLE_STOPS))))
    events.append(UsageKnown(draw(USAGES)))
    if draw(st.booleans()):
        return [*events, Ended()]
    return [*events[: draw(st.integers(1, len(events)))], Failed(529, "overloaded_error", "Overloaded")]
