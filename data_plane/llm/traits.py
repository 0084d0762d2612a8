"""What a target's model can do, as far as a request for it is worded differently."""

from collections.abc import Collection
from enum import Enum

from msgspec import Struct, structs


class ReasoningStyle(Enum):
    """How a model is told to think."""

    NONE = "none"
    EFFORT = "effort"
    BUDGET = "budget"
    ADAPTIVE = "adaptive"


class Traits(Struct, frozen=True):
    """The defaults suit a model of which nothing is known. `max_output_tokens` 0: not known."""

    max_output_tokens: int = 0
    context_tokens: int = 0
    reasoning: ReasoningStyle = ReasoningStyle.EFFORT
    takes_json_schema: bool = True
    takes_sampling: bool = True  # False: reasoning models that refuse `temperature` and its like
    takes_more_sampling: bool = True  # False: an API of OpenAI's that knows no `top_k` and its like, and refuses them
    takes_candidates: bool = True  # more than one
    takes_tool_choice: bool = True  # another than to leave it to the model
    takes_links: bool = True  # to pictures, in place of the pictures
    takes_files: bool = True
    takes_logprobs: bool = True
    takes_prefill: bool = True  # False: the last message may not be the assistant's
    takes_max_completion_tokens: bool = True  # False: older servers know `max_tokens` only
    takes_developer_role: bool = True
    takes_later_system: bool = False  # True: a system message may stand where it applies, not only at the start
    takes_unsigned_calls: bool = True  # False: a call goes back with the provider's state, or its word for none


UNKNOWN = Traits()


def without(traits: Traits, lacks: Collection[str]) -> Traits:
    """The same, where none of these holds: names of traits."""
    return structs.replace(traits, **dict.fromkeys(lacks, False)) if lacks else traits
