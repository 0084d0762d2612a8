"""What models can do, by their names."""

import json
import re
from dataclasses import fields
from importlib.resources import files
from typing import Any

from pytest import mark

from config_schemas.catalog.clause import make_test
from config_schemas.catalog.family import UNKNOWN, Facts, facts_of, sources_of

LINES: list[dict[str, Any]] = json.loads(files("config_schemas.catalog").joinpath("families.json").read_bytes())


@mark.parametrize(
    ("name", "facts"),
    [
        ("gpt-5", {"reasoning": "effort", "takes_sampling": False, "max_output_tokens": 128_000}),
        ("gpt-6-astra", {"reasoning": "effort", "takes_sampling": False, "context_tokens": 1_050_000}),
        ("gpt-5-chat-latest", {"reasoning": "none", "max_output_tokens": 16_384}),
        ("gpt-4o-2024-05-13", {"takes_json_schema": False, "takes_sampling": True}),
        ("gpt-4o-2024-08-06", {"takes_json_schema": True, "reasoning": "none"}),
        ("gpt-4.1-mini", {"max_output_tokens": 32_768, "takes_sampling": True, "reasoning": "none"}),
        ("gpt-4-0613", {"max_output_tokens": 8_192, "has_vision": None}),
        ("o1-mini", {"takes_developer_role": False, "takes_sampling": False}),
        ("o4-mini", {"reasoning": "effort", "takes_sampling": False, "takes_developer_role": True}),
        ("claude-3-haiku-20240307", {"reasoning": "none", "takes_prefill": True, "max_output_tokens": 4_096}),
        ("claude-3-7-sonnet-20250219", {"reasoning": "budget", "takes_prefill": True}),
        ("claude-opus-4-20250514", {"reasoning": "budget", "max_output_tokens": 32_000, "takes_json_schema": False}),
        ("claude-opus-4-1-20250805", {"reasoning": "budget", "max_output_tokens": 32_000}),
        ("claude-sonnet-4-5-20250929", {"reasoning": "budget", "takes_json_schema": True, "takes_sampling": True}),
        ("claude-opus-4-5", {"max_output_tokens": 64_000, "takes_prefill": True}),
        ("claude-opus-4-6", {"reasoning": "adaptive", "takes_prefill": False, "takes_sampling": True}),
        ("claude-sonnet-4.6", {"reasoning": "adaptive", "takes_prefill": False}),
        ("claude-opus-4-7", {"reasoning": "adaptive", "takes_sampling": False}),
        ("claude-opus-4-8", {"takes_later_system": True, "takes_sampling": False}),
        ("claude-opus-5-5", {"takes_later_system": True}),
        ("claude-opus-4-7-20260416", {"takes_later_system": False}),
        ("claude-sonnet-5-5", {"reasoning": "adaptive", "takes_sampling": False, "max_output_tokens": 128_000}),
        ("claude-haiku-5-5", {"reasoning": "adaptive", "takes_prefill": False, "context_tokens": 1_000_000}),
        ("gemini-2.0-flash", {"reasoning": "none", "takes_unsigned_calls": True}),
        ("gemini-2.5-pro", {"reasoning": "budget", "takes_unsigned_calls": True}),
        ("gemini-3-pro-preview", {"reasoning": "effort", "takes_unsigned_calls": False}),
        ("gemini-4-argon", {"reasoning": "effort", "takes_unsigned_calls": False}),
        ("gemini-embedding-001", {"kind": "Embedding", "has_tools": False}),
        ("mistral-large-latest", {"takes_max_completion_tokens": False, "takes_developer_role": False}),
        ("deepseek-reasoner", {"reasoning": "effort", "takes_sampling": False}),
        ("deepseek-chat", {"reasoning": "none", "max_output_tokens": 8_192}),
        ("deepseek-v4-pro", {"reasoning": "effort", "takes_sampling": True, "max_output_tokens": 0}),
        ("qwen2.5-72b-instruct", {"reasoning": "none"}),
        ("qwen3-32b", {"reasoning": "effort", "takes_developer_role": False}),
        ("gemma-3-27b-it", {"reasoning": "none"}),
        ("grok-4-0709", {"reasoning": "none"}),
        ("rerank-v3.5", {"kind": "Rerank"}),
        ("text-embedding-3-small", {"kind": "Embedding", "context_tokens": 8_192}),
        ("whisper-large-v3", {"kind": "Transcription"}),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_facts_are_those_of_the_family(name: str, facts: dict[str, object]) -> None:
    found = facts_of(name)

    assert found.is_known
    assert {field: getattr(found, field) for field in facts} == facts


def test_an_unknown_name_has_the_facts_that_suit_any_model() -> None:
    assert facts_of("my-deployment") == UNKNOWN
    assert not UNKNOWN.is_known and sources_of("my-deployment") == ()


def test_sources_name_page_and_day() -> None:
    assert sources_of("claude-opus-4-1") == (
        "platform.claude.com/docs/en/about-claude/models/overview (not checked yet)",
        "platform.claude.com/docs/en/build-with-claude/extended-thinking (checked 2026-11-24)",
        "platform.claude.com/docs/en/about-claude/models/overview (checked 2026-11-24)",
    )


@mark.parametrize("line", LINES, ids=lambda line: json.dumps(line["match"]))
def test_every_line_can_be_read(line: dict[str, Any]) -> None:
    known = {re.sub("_([a-z])", lambda match: match[1].upper(), field.name) for field in fields(Facts)}

    make_test(line["match"])
    assert line.keys() | {"checked"} == {"match", "facts", "source", "checked"}
    assert line["facts"].keys() <= known - {"isKnown"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", line.get("checked", "2026-11-24")) and line["source"]
