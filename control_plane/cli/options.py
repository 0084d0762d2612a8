"""What stands before the command's name: how to reach the control plane."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Empty where not given."""

    url: str = ""
    token_file: str = ""
    ca_file: str = ""
    context: str = ""
