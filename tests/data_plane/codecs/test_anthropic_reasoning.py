"""Thought in requests of Anthropic's own clients, whose conversations began elsewhere."""

from typing import Any

from pytest import mark

from data_plane.codecs.foreign_state import seal_thought
from data_plane.codecs.table import CODECS
from data_plane.llm.content import Thought
from tests.fakes.codec_golden import decode, encode
from tests.fakes.translation import BUDGET, USER, F, result, use

ANTHROPIC = CODECS["anthropic-messages"]
ENABLED = {"type": "enabled", "budget_tokens": 1024}
OWN = {"type": "thinking", "thinking": "Hm", "signature": "EqQB+/=="}
FOREIGN = {**OWN, "signature": seal_thought(Thought("Hm", "gemini", "CiEB"))}


@mark.parametrize(("thought", "is_kept"), [(OWN, True), (FOREIGN, False)], ids=["of this API", "of another"])
def test_who_thinks_by_number_needs_the_thought_before_a_call(thought: dict[str, Any], is_kept: bool) -> None:
    """Which is not there any more, if it was another API's: the API would refuse to think."""
    turns = [
        USER,
        {"role": "assistant", "content": [thought, use("toolu_1")]},
        {"role": "user", "content": [result("toolu_1", "fine")]},
    ]
    body = {"model": "m", "max_tokens": 2048, "thinking": ENABLED, "tools": [F], "messages": turns}

    encoded, lost = encode(ANTHROPIC, decode(ANTHROPIC, body), BUDGET)

    assert ("thinking" in encoded) == is_kept
    assert lost == ([] if is_kept else ["thinking"])
    assert len(encoded["messages"][1]["content"]) == (2 if is_kept else 1)
