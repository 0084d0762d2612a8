"""Whether a conversation went as it should: nothing of it lost on its way, and nothing of the answer on its way back.

A verdict is one of `pass`, `lossy` (only where a route allows it), `refused` (by the gateway, naming what has no
equivalent), `fail`, and `-` where the client's API has no such thing.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tests.fakes.matrix_client import Client
from tests.fakes.matrix_heard import heard_problems
from tests.fakes.matrix_operations import operation_problems
from tests.fakes.matrix_provider import Column, column_named
from tests.fakes.matrix_scenario import Answer, Json, Scenario
from tests.fakes.provider_stage import FakeProvider, Run

PASS, LOSSY, REFUSED, FAIL, ABSENT = "pass", "lossy", "refused", "fail", "-"
UNMAPPABLE = ("unmappable_fields", "unmappable_api")
# Of each client's API, by which words it says why an answer ended.
STOPS: Mapping[str, Mapping[str, str]] = {
    "openai-chat": {
        "end": "stop",
        "sequence": "stop",
        "length": "length",
        "tool": "tool_calls",
        "refusal": "stop content_filter",
        "filter": "content_filter",
    },
    "openai-responses": {
        "end": "completed",
        "sequence": "completed",
        "length": "max_output_tokens",
        "tool": "completed",
        "refusal": "completed content_filter",
        "filter": "content_filter",
    },
    "anthropic-messages": {
        "end": "end_turn",
        "sequence": "stop_sequence end_turn",
        "length": "max_tokens",
        "tool": "tool_use",
        "refusal": "refusal",
        "filter": "refusal",
    },
    "gemini": {
        "end": "STOP",
        "sequence": "STOP",
        "length": "MAX_TOKENS",
        "tool": "STOP",
        "refusal": "SAFETY STOP",
        "filter": "SAFETY",
    },
}
# What clients must be told of a provider's error: statuses that they may see. 401 is the gateway's own fault.
STATUSES: Mapping[str, tuple[int, ...]] = {
    "invalid": (400,),
    "context": (400,),
    "auth": (502,),
    "missing": (404,),
    "rate": (429,),
    "server": (500, 502),
    "overloaded": (503, 529),
}
CONTEXT_WORDS = ("context", "too long", "exceeds the maximum number of tokens")
LONG = 20  # characters that are streamed in more than one piece


@dataclass(frozen=True)
class Verdict:
    """`reasons`: of a failure; of a refusal, what the client was told."""

    word: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One cell."""

    client: Client
    column: Column
    scenario: Scenario

    @property
    def provider(self) -> type[FakeProvider]:
        """By which the conversation comes."""
        return self.column.provider(self.client.wire)

    def at(self, turn: int) -> "Case":
        """The provider that has answered it."""
        begins_at = self.scenario.begins_at
        return self if turn or not begins_at else replace(self, column=column_named(begins_at))

    def shows(self, what: str) -> bool:
        return what in self.provider.shows and what in self.client.shows


def is_refused(outcome: Json) -> bool:
    """By the gateway, since something has no equivalent."""
    error = outcome["error"]
    return error is not None and error["status"] == 400 and any(word in json.dumps(error) for word in UNMAPPABLE)


def is_refused_by_provider(case: Case, run: Run, outcome: Json) -> bool:
    """What a client asks a provider of its own API for, and that has not, is between the two."""
    error = outcome["error"]
    is_told = error is not None and error["status"] in (400, 422)
    return bool(run.refusals) and is_told and case.client.wire in case.column.wires


def problems(case: Case, run: Run, outcome: Json, *, is_lossy: bool = False) -> list[str]:
    """All that is not as it should be. `is_lossy`: what the client asked for beside the conversation may be missing."""
    if run.refusals:
        return [f"the provider refused: {each}" for each in run.refusals]
    last = case.scenario.answers[-1]
    if last.failure is not None or last.breaks:
        return list(_error_problems(last, outcome))
    if outcome["error"] is not None:
        error = outcome["error"]
        return [f"{error['type']}: {error['message']}"]
    if case.scenario.family != "generate":
        return list(operation_problems(case.client, case.scenario, run, outcome["turns"][0]))
    found: list[str] = []
    for turn, answer in enumerate(case.scenario.answers):
        if turn >= len(run.heard) or turn >= len(outcome["turns"]):
            return [*found, f"turn {turn} never came"]
        at = case.at(turn)
        heard = heard_problems(case.scenario, at.provider, run, turn, is_lossy=is_lossy)
        proofs = _proof_problems(case, run, turn) if not case.scenario.begins_at else ()
        is_thought = run.heard[turn].wants_summary
        answer = answer if is_thought else replace(answer, thought="")
        told = _told_problems(at, answer, outcome["turns"][turn], is_lossy=is_lossy)
        found += [f"turn {turn}: {each}" for each in (*heard, *proofs, *told)]
    return found


def _error_problems(answer: Answer, outcome: Json) -> Iterator[str]:
    error, failure = outcome["error"], answer.failure
    if error is None:
        yield "the client saw no error"
    elif failure is None:
        if error["module"] in ("builtins", "json", "pydantic") and error["type"] != "EOFError":
            yield f"the SDK broke: {error['type']}: {error['message']}"
    else:
        if error["status"] not in STATUSES[failure.kind]:
            yield f"status {error['status']}, not one of {STATUSES[failure.kind]}: {error['message']}"
        if failure.kind == "context" and not any(word in json.dumps(error) for word in CONTEXT_WORDS):
            yield f"no word of the context's length: {error['message']}"
        if failure.retry_after and error["retry_after"] != str(failure.retry_after):
            yield f"Retry-After '{error['retry_after']}', not '{failure.retry_after}'"


def _proof_problems(case: Case, run: Run, turn: int) -> Iterator[str]:
    """Opaque state of earlier turns, where both sides have a place for it."""
    is_gemini = case.provider.name in ("gemini", "vertex")  # which wants back those of calls, and no others
    earlier = case.scenario.answers[:turn]
    thoughts = sum(bool(each.thought) and (bool(each.calls) or not is_gemini) for each in earlier)
    given = {proof for each in run.given.values() for proof in each}
    came = len(set(run.heard[turn].proofs) & given)
    thoughts = min(thoughts, len(given))  # of a model that was asked to think
    if thoughts and case.shows("proof") and came < thoughts:
        yield f"{came} proofs came back, not {thoughts}"


def _told_problems(case: Case, answer: Answer, told: Json, *, is_lossy: bool) -> Iterator[str]:
    """What the client did not hear."""
    text = told["text"] + (told["refusal"] if answer.refusal else "")
    if text != answer.text + answer.refusal:
        yield f"text {text!r}"
    yield from _call_problems(case, answer, told)
    stops = STOPS[case.client.wire][answer.stop].split()
    if told["stop"] not in stops:
        yield f"ended by {told['stop']!r}, not {' or '.join(stops)}"
    if answer.stop_sequence and case.shows("sequence") and told["sequence"] != answer.stop_sequence:
        yield f"stop sequence {told['sequence']!r}"
    if answer.thought and case.shows("thought") and told["thought"] != answer.thought and not is_lossy:
        yield f"thought {told['thought']!r}"
    yield from _usage_problems(case, answer, told["usage"])
    if not is_lossy:
        yield from _asked_problems(case, answer, told)


def _call_problems(case: Case, answer: Answer, told: Json) -> Iterator[str]:
    calls = [(each["name"], each["arguments"]) for each in told["calls"]]
    if calls != [(each.name, each.arguments) for each in answer.calls]:
        yield f"calls {calls}"
    ids = [each["id"] for each in told["calls"]]
    if case.client.wire != "gemini" and (len(set(ids)) != len(ids) or not all(ids)):
        yield f"ids {ids}"


def _asked_problems(case: Case, answer: Answer, told: Json) -> Iterator[str]:
    options = case.scenario.options
    if told["candidates"] != options.candidates:
        yield f"{told['candidates']} candidates"
    if options.logprobs and "".join(told["logprobs"]) != answer.text:
        yield f"logprobs {told['logprobs']}"
    if case.scenario.stream and len(answer.text) > LONG and told["pieces"] < 2:
        yield "one piece"
    if told.get("seconds", LONG) < answer.pause_seconds:  # of a stream that takes several of these
        yield f"all at once, in {told['seconds']} s"


def _usage_problems(case: Case, answer: Answer, told: Json | None) -> Iterator[str]:
    tokens = answer.tokens
    if told is None:
        if not case.scenario.stream or "usage in streams" in case.client.shows:
            yield "no usage"
        return
    expected = {"input": tokens.input, "output": tokens.output, "cached": tokens.cached}
    if case.shows("reasoning"):
        expected["reasoning"] = tokens.reasoning
    wrong = {name: told[name] for name, count in expected.items() if (told[name] or 0) != count}
    if wrong:
        yield f"usage {wrong}, not {expected}"
