"""Drives an official SDK through conversations, in a process with that SDK: tasks in by lines of JSON, outcomes out.

Usage: python -m tests.fakes.sdk_driver CLIENT
A task has `id`, `conversation`, `mark`, `url`, `model`, `key`; an outcome `id`, `version` and what a caller of
the SDK would see: `turns`, or an `error` after them. Standard library alone, beside the SDK.
"""

import json
import re
import sys
import traceback
from importlib import import_module
from typing import Any, Protocol

from tests.fakes.matrix_scenario import Json, Scenario, scenario_of

# By client: the module that knows its SDK.
MODULES = {
    "openai-chat": "sdk_openai_chat",
    "openai-responses": "sdk_openai_responses",
    "anthropic": "sdk_anthropic",
    "gemini": "sdk_gemini",
    "mistral": "sdk_mistral",
    "langchain": "sdk_langchain",
    "openai-embeddings": "sdk_embeddings",
    "gemini-unary": "sdk_gemini_unary",
    "anthropic-count": "sdk_anthropic_count",
    "cohere-rerank": "sdk_cohere",
}


class Talk(Protocol):
    """One conversation. Of an answer: `text`, `thought`, `refusal`, `calls` [{id, name, arguments}], `stop`,
    `sequence`, `usage` {input, output, cached, reasoning}, `candidates`, `logprobs`, `pieces`: how many the stream had.
    """

    def say(self, turn: int) -> Json:
        """Asks for the answer of this turn, and keeps it in the history as the SDK gives it."""


def perform(module: Any, task: Json) -> Json:
    """What a caller sees."""
    scenario = scenario_of(task["conversation"])
    turns: list[Json] = []
    try:
        talk: Talk = module.open(task, marked(scenario, task["mark"]))
        for turn in range(len(scenario.answers)):
            turns.append(talk.say(turn))
    except Exception as error:  # noqa: BLE001 what the SDK raises is what is looked at
        return {"turns": turns, "error": described(error)}
    return {"turns": turns, "error": None}


def marked(scenario: Scenario, mark: str) -> Scenario:
    """The mark stands in the first text of the user."""
    from dataclasses import replace

    from tests.fakes.matrix_scenario import Words

    first = scenario.opening[0]
    words = first.parts[0]
    assert isinstance(words, Words)
    parts = (Words(f"{words.text} [matrix {mark}]"), *first.parts[1:])
    return replace(scenario, opening=(replace(first, parts=parts), *scenario.opening[1:]))


def described(error: Exception) -> Json:
    """As far as SDKs tell it alike."""
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or getattr(error, "headers", None) or {}
    body = getattr(error, "body", None) or getattr(error, "details", None)
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    return {
        "type": type(error).__name__,
        "module": type(error).__module__.partition(".")[0],
        "status": status if isinstance(status, int) else 0,
        "message": str(error)[:500],
        "body": body if isinstance(body, dict | list | str) else None,
        "retry_after": (headers.get("retry-after", "") if hasattr(headers, "get") else "") or _delay(body),
        "code": headers.get("x-isthmus-error", "") if hasattr(headers, "get") else "",
        "trace": "".join(traceback.format_exception(error)[-3:])[-1500:],
    }


def _delay(body: Any) -> str:
    """Google's APIs tell it in the body."""
    found = re.search(r'"retryDelay": "(\d+)s"', json.dumps(body, default=str))
    return found[1] if found is not None else ""


def main(client: str) -> None:
    module = import_module(f"tests.fakes.{MODULES[client]}")
    out = sys.stdout
    sys.stdout = sys.stderr  # what an SDK prints is no outcome
    for line in sys.stdin:
        task = json.loads(line)
        outcome = {"id": task["id"], "version": module.VERSION, **perform(module, task)}
        out.write(json.dumps(outcome) + "\n")
        out.flush()


if __name__ == "__main__":
    main(sys.argv[1])
