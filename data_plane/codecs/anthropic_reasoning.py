"""How a model of Anthropic's API is told to think, and what must hold for it.

Source: docs.anthropic.com/en/build-with-claude, "Extended thinking", "Adaptive thinking", "Effort" (2026-11).
"""

from collections.abc import Mapping

from data_plane.codecs.anthropic_block import API
from data_plane.codecs.anthropic_block_encode import Json
from data_plane.codecs.anthropic_request import MIN_BUDGET
from data_plane.codecs.anthropic_turns import Conversation
from data_plane.llm.content import Thought
from data_plane.llm.loss import Losses, client_word
from data_plane.llm.request import Effort, GenerateRequest, Reasoning
from data_plane.llm.traits import ReasoningStyle, Traits

# What effort means for a model that is told a number of tokens; the inverse of what OpenAI's codec takes a number for.
BUDGETS: Mapping[Effort, int] = {
    Effort.MINIMAL: 1_024,
    Effort.LOW: 1_024,
    Effort.MEDIUM: 8_192,
    Effort.HIGH: 16_384,
    Effort.XHIGH: 32_768,
    Effort.MAX: 65_536,
}
EFFORT_BY_BUDGET = ((1_024, Effort.LOW), (8_192, Effort.MEDIUM))


def add_reasoning(body: Json, request: GenerateRequest, traits: Traits, losses: Losses, talk: Conversation) -> bool:
    """Whether the model thinks. What forces a tool, or begins the answer, forbids thought."""
    reasoning = request.reasoning
    if reasoning is None:
        return False
    is_own = request.api == API
    if reasoning.effort is Effort.NONE:
        if traits.reasoning is not ReasoningStyle.NONE:
            body["thinking"] = {"type": "disabled"}
        return False
    if is_own and reasoning.budget_tokens is None and not reasoning.is_adaptive:
        _add_effort(body, reasoning.effort)
        return False
    thinking = _thinking(reasoning, traits, body, is_own=is_own)
    if thinking is None or _forbids_thought(body, thinking, talk, request):
        losses.drop(client_word(request, "reasoning_effort"))
        return False
    if reasoning.is_shown is not None:
        thinking["display"] = "summarized" if reasoning.is_shown else "omitted"
    body["thinking"] = thinking
    if traits.reasoning is not ReasoningStyle.BUDGET or is_own:
        _add_effort(body, reasoning.effort or _effort_of(reasoning, thinking))
    return True


def _thinking(reasoning: Reasoning, traits: Traits, body: Json, *, is_own: bool) -> Json | None:
    """By a number of tokens, below the answer's limit, or as the model sees fit. None: it has no room, or cannot."""
    style, budget = traits.reasoning, reasoning.budget_tokens
    if style is ReasoningStyle.NONE:
        return None
    if style is ReasoningStyle.ADAPTIVE or (style is not ReasoningStyle.BUDGET and budget is None):
        return {"type": "adaptive"}
    if budget is not None and is_own:
        return {"type": "enabled", "budget_tokens": budget}
    maximum = body["max_tokens"]
    assert isinstance(maximum, int)
    if maximum <= MIN_BUDGET:
        return None
    if budget is None:
        # Some of the limit is left for the answer.
        budget = min(BUDGETS[reasoning.effort or Effort.HIGH], maximum * 3 // 4)
    return {"type": "enabled", "budget_tokens": max(MIN_BUDGET, min(budget, maximum - 1))}


def _effort_of(reasoning: Reasoning, thinking: Json) -> Effort | None:
    """Of a number of tokens, for a model that is told none."""
    budget = reasoning.budget_tokens
    if budget is None or thinking["type"] != "adaptive":
        return None
    return next((effort for bound, effort in EFFORT_BY_BUDGET if budget <= bound), Effort.HIGH)


def _forbids_thought(body: Json, thinking: Json, talk: Conversation, request: GenerateRequest) -> bool:
    """A client of this API knows what it may ask for, but not that a thought was another API's."""
    choice = body.get("tool_choice")
    is_forced = isinstance(choice, dict) and choice["type"] in ("any", "tool")
    is_own = request.api == API
    if not is_own and (talk.has_prefill or is_forced):
        return True
    return thinking["type"] == "enabled" and _lacks_thought(talk) and (not is_own or _has_foreign_thought(request))


def _has_foreign_thought(request: GenerateRequest) -> bool:
    return any(isinstance(part, Thought) and part.api != API for message in request.messages for part in message.parts)


def _lacks_thought(talk: Conversation) -> bool:
    """Who thinks by number must find the thought before calls whose results are the last turn."""
    if len(talk.turns) < 2 or talk.turns[-1].blocks[0]["type"] != "tool_result":
        return False
    return talk.turns[-2].blocks[0]["type"] not in ("thinking", "redacted_thinking")


def _add_effort(body: Json, effort: Effort | None) -> None:
    if effort is not None:
        word = Effort.LOW.value if effort is Effort.MINIMAL else effort.value
        config = body.get("output_config")
        body["output_config"] = {**(config if isinstance(config, dict) else {}), "effort": word}
