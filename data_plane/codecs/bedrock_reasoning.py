"""How a model of Bedrock is told to think, and what must hold for it.

Sources: docs.aws.amazon.com/bedrock/latest/userguide, "Extended thinking", "Adaptive thinking"; nova2-userguide,
"Extended thinking"; API_runtime_OutputConfig (2026-11).
"""

from collections.abc import Mapping

from data_plane.codecs import anthropic_block
from data_plane.codecs.anthropic_reasoning import BUDGETS, EFFORT_BY_BUDGET
from data_plane.codecs.anthropic_request import MIN_BUDGET
from data_plane.codecs.bedrock_model import Family
from data_plane.codecs.bedrock_options import BedrockOptions, Json
from data_plane.codecs.bedrock_turns import Conversation
from data_plane.llm.loss import Losses, client_word
from data_plane.llm.request import Effort, GenerateRequest, Reasoning
from data_plane.llm.traits import ReasoningStyle, Traits

# Room for thought and answer, where nobody has set a limit and the model's own is not known.
UNKNOWN_MAX_TOKENS = 32_000
# Models that know three words take the nearest.
THREE_WORDS: Mapping[Effort, str] = {
    Effort.MINIMAL: "low",
    Effort.LOW: "low",
    Effort.MEDIUM: "medium",
    Effort.HIGH: "high",
    Effort.XHIGH: "high",
    Effort.MAX: "high",
}


class ReasoningEncoder:
    """Of one request."""

    __slots__ = ("_request", "_traits", "_losses", "_options")

    def __init__(self, request: GenerateRequest, traits: Traits, losses: Losses, options: BedrockOptions) -> None:
        self._request = request
        self._traits = traits
        self._losses = losses
        self._options = options

    def add(self, family: Family, talk: Conversation, *, is_forced: bool) -> bool:
        """Whether Claude thinks, who then is told less of sampling. `is_forced`: a tool must be called."""
        reasoning = self._request.reasoning
        if reasoning is None or self._says_nothing(reasoning):
            return False
        if self._traits.reasoning is ReasoningStyle.NONE:
            if reasoning.effort is not Effort.NONE:
                self._drop()
            return False
        if family is Family.CLAUDE:
            return self._add_claude(reasoning, talk, is_forced=is_forced)
        effort = reasoning.effort or _effort_of(reasoning.budget_tokens) or Effort.MEDIUM
        if family is Family.NOVA:
            self._add_nova(effort)
        elif effort is not Effort.NONE or family is Family.GPT:
            self._add_words(effort, family)
        elif family is Family.GPT_OSS:  # it cannot but think
            self._drop()
        return False

    def _says_nothing(self, reasoning: Reasoning) -> bool:
        return reasoning.effort is None and reasoning.budget_tokens is None and not reasoning.is_adaptive

    def _add_claude(self, reasoning: Reasoning, talk: Conversation, *, is_forced: bool) -> bool:
        """What forces a tool, or begins the answer, forbids thought."""
        if reasoning.effort is Effort.NONE:
            self._options.fields["thinking"] = {"type": "disabled"}
            return False
        is_adaptive = reasoning.is_adaptive or reasoning.budget_tokens is not None
        if self._request.api == anthropic_block.API and not is_adaptive:
            self._add_effort(reasoning.effort)
            return False
        thinking = self._thinking(reasoning)
        if thinking is None or is_forced or talk.has_prefill or (_is_by_number(thinking) and _lacks_thought(talk)):
            self._drop()
            return False
        if reasoning.is_shown is not None:
            thinking["display"] = "summarized" if reasoning.is_shown else "omitted"
        self._options.fields["thinking"] = thinking
        if _is_by_number(thinking):
            self._options.limits["maxTokens"] = (
                self._maximum()
            )  # must be more than the number, so it is not left to the model
        else:
            self._add_effort(reasoning.effort or _effort_of(reasoning.budget_tokens))
        return True

    def _maximum(self) -> int:
        return self._request.max_output_tokens or self._traits.max_output_tokens or UNKNOWN_MAX_TOKENS

    def _thinking(self, reasoning: Reasoning) -> Json | None:
        """By a number of tokens, below the answer's limit, or as the model sees fit. None: it has no room."""
        style, budget = self._traits.reasoning, reasoning.budget_tokens
        if style is ReasoningStyle.ADAPTIVE or (style is ReasoningStyle.EFFORT and budget is None):
            return {"type": "adaptive"}
        maximum = self._maximum()
        if maximum <= MIN_BUDGET:
            return None
        if budget is None:  # some of the limit is left for the answer
            budget = min(BUDGETS[reasoning.effort or Effort.HIGH], maximum * 3 // 4)
        return {"type": "enabled", "budget_tokens": max(MIN_BUDGET, min(budget, maximum - 1))}

    def _add_nova(self, effort: Effort) -> None:
        """At the highest effort, Nova refuses limits and sampling."""
        if effort is Effort.NONE:
            return
        word = THREE_WORDS[effort]
        if word == "high" and self._options.limits.keys() - {"stopSequences"}:
            self._drop()
            word = "medium"
        self._options.fields["reasoningConfig"] = {"type": "enabled", "maxReasoningEffort": word}

    def _add_words(self, effort: Effort, family: Family) -> None:
        if family is Family.GPT:
            self._options.fields["reasoning"] = {"effort": "low" if effort is Effort.MINIMAL else effort.value}
        elif family is Family.GPT_OSS or family is Family.KIMI:
            self._options.fields["reasoning_effort"] = THREE_WORDS[effort]
        else:
            self._add_effort(effort)

    def _add_effort(self, effort: Effort | None) -> None:
        if effort is not None:
            self._options.output["effort"] = "low" if effort is Effort.MINIMAL else effort.value

    def _drop(self) -> None:
        self._losses.drop(client_word(self._request, "reasoning_effort"))


def _effort_of(budget: int | None) -> Effort | None:
    """Of a number of tokens, for a model that is told none."""
    if budget is None:
        return None
    return next((effort for bound, effort in EFFORT_BY_BUDGET if budget <= bound), Effort.HIGH)


def _is_by_number(thinking: Json) -> bool:
    return thinking["type"] == "enabled"


def _lacks_thought(talk: Conversation) -> bool:
    """Who thinks by number must find the thought before calls whose results are the last turn."""
    if len(talk.turns) < 2 or "toolResult" not in talk.turns[-1].blocks[0]:
        return False
    return "reasoningContent" not in talk.turns[-2].blocks[0]
