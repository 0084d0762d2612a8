"""State of one API inside a field of another."""

import json

from pytest import mark

from data_plane.codecs.foreign_state import (
    PREFIX,
    may_have_foreign_state,
    seal_call,
    seal_thought,
    unseal_call,
    unseal_thought,
)
from data_plane.codecs.gemini_fields import wrap
from data_plane.codecs.openai_reasoning import encode_details, encode_signature
from data_plane.llm.content import Thought


def test_a_thought_comes_back_as_it_was() -> None:
    thought = Thought("Hm", "gemini", "signature+/=", "sealed\n", "id", True)
    assert unseal_thought(seal_thought(thought), "Hm") == thought


def test_a_call_comes_back_as_it_was() -> None:
    assert unseal_call(seal_call("call_1", "signature+/=")) == ("call_1", "signature+/=")


def test_neither_is_taken_for_the_other() -> None:
    assert unseal_thought(seal_call("call_1", "s")) is None
    assert unseal_call(seal_thought(Thought("Hm", "gemini", "s"))) is None


@mark.parametrize("sealed", ["", "EqQB+/==", *(PREFIX + rest for rest in ("", "A", "e30=", "WzFd", "ü", "_w=="))])
def test_what_is_no_state_is_none(sealed: str) -> None:
    assert unseal_thought(sealed) is None
    assert unseal_call(sealed) is None


THOUGHT = Thought("Hm", "anthropic-messages", "EqQB+/==")
SEALED = seal_thought(THOUGHT)
BODIES = {
    "Anthropic's, of another API": ("anthropic-messages", {"signature": SEALED}, True),
    "Anthropic's, of nobody": ("anthropic-messages", {"signature": ""}, True),
    "Anthropic's own": ("anthropic-messages", {"signature": "EqQB+/=="}, False),
    "Gemini's, of another API": ("gemini", {"thoughtSignature": wrap(SEALED)}, True),
    "Gemini's own": ("gemini", {"thoughtSignature": "CiEBjz1rX0ilumvPg6k0"}, False),
    "Responses', of another API": ("openai-responses", {"encrypted_content": SEALED}, True),
    "details of a thought": ("openai-chat", {"reasoning_details": encode_details([THOUGHT])}, True),
    "a signature of a call": ("openai-chat", {"tool_calls": [encode_signature("CiEB")]}, True),
    "details of another gateway": ("openai-chat", {"reasoning_details": [{"format": "anthropic-claude-v1"}]}, False),
}


@mark.parametrize(("wire", "body", "is_foreign"), BODIES.values(), ids=BODIES)
def test_what_another_provider_would_refuse_is_noticed(wire: str, body: object, is_foreign: bool) -> None:
    assert may_have_foreign_state(wire, json.dumps(body).encode()) == is_foreign
