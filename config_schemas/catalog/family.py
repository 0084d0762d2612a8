"""What models can do, by families of names: `families.json`, kept by hand.

Each line names the page that documents it (`source`), and the day when it was held against what is published
(`checked`); a line without that day is general knowledge, to be confirmed.
Every family whose clause takes the name adds its facts; a later one replaces what an earlier one has said.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from config_schemas.catalog.clause import Test, make_test

Kind = Literal[
    "Chat", "Completion", "Embedding", "Rerank", "Moderation", "Image", "Speech", "Transcription", "Realtime"
]
Style = Literal["none", "effort", "budget", "adaptive"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers are 0 and `has_...` is None where nothing is known. The rest is as of the data plane's traits."""

    kind: Kind = "Chat"
    context_tokens: int = 0
    max_output_tokens: int = 0
    reasoning: Style = "effort"
    takes_json_schema: bool = True
    takes_sampling: bool = True
    takes_prefill: bool = True
    takes_max_completion_tokens: bool = True
    takes_developer_role: bool = True
    takes_later_system: bool = False
    takes_unsigned_calls: bool = True
    has_tools: bool | None = None
    has_vision: bool | None = None
    has_audio: bool | None = None
    is_known: bool = False  # whether any family takes the name


@dataclass(frozen=True, slots=True)
class Family:
    """One line of the file."""

    takes: Test
    facts: Mapping[str, Any]
    source: str


UNKNOWN = Facts()


def facts_of(name: str) -> Facts:
    """Of a model by its own name, in lower case, without what a provider puts around it."""
    found: dict[str, Any] = {}
    for family in _families():
        if family.takes(name):
            found |= family.facts
    return Facts(**found, is_known=True) if found else UNKNOWN


def sources_of(name: str) -> tuple[str, ...]:
    """The pages that document the facts, and when they were held against what is published."""
    return tuple(dict.fromkeys(family.source for family in _families() if family.takes(name)))


@cache
def _families() -> tuple[Family, ...]:
    lines = json.loads(files("config_schemas.catalog").joinpath("families.json").read_bytes())
    return tuple(
        Family(make_test(line["match"]), {_snake(key): value for key, value in line["facts"].items()}, _source(line))
        for line in lines
    )


def _source(line: Mapping[str, str]) -> str:
    return f"{line['source']} ({'checked ' + line['checked'] if 'checked' in line else 'not checked yet'})"


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
