"""What an import has to say about a part of a configuration."""

from dataclasses import dataclass
from typing import Literal

# NotMapped: LiteLLM does something by it that the result does not. Changed: mapped, and not quite the same.
# ToDo: to be filled in or decided before the result can be applied. NotNeeded: nothing is lost without it.
Weight = Literal["NotMapped", "Changed", "ToDo", "NotNeeded"]
WEIGHTS: tuple[Weight, ...] = ("NotMapped", "ToDo", "Changed", "NotNeeded")


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` is where it stands in the configuration, as `model_list[0].litellm_params.rpm`. Never holds a value."""

    path: str
    weight: Weight
    reason: str
    advice: str = ""


class Unreadable(Exception):
    """The configuration cannot be read at all; the text says where."""
