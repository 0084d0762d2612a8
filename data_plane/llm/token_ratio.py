"""How many tokens a byte of text has, per model: learned from what providers say they have counted.

For whoever must know before a provider says it, or whom it never tells. `settle_*` take 0.2 us each.
"""

from typing import NamedTuple

MAX_MODELS = 4096
WEIGHT = 1 / 16  # of the newest sample: one answer in another language does not turn the model's ratio over
MIN_BYTES = 64  # of a sample; in less, what a request has beside its text weighs more than the text
# Beyond these a sample is not of text alone: pictures in the request, thoughts in the answer that nobody sees.
MIN_RATIO, MAX_RATIO = 1 / 16, 1.0


class Defaults(NamedTuple):
    """Tokens a byte, before anything was learned."""

    input: float
    output: float


# By what a model's name has in it: of English and code, from the providers' own rules of thumb, rounded up.
FAMILIES: tuple[tuple[str, Defaults], ...] = (
    ("claude", Defaults(0.30, 0.30)),
    ("gpt", Defaults(0.25, 0.25)),
    ("gemini", Defaults(0.25, 0.25)),
    ("nova", Defaults(0.27, 0.27)),
    ("command", Defaults(0.27, 0.27)),
    ("mistral", Defaults(0.28, 0.28)),
    ("llama", Defaults(0.27, 0.27)),
    ("qwen", Defaults(0.28, 0.28)),
    ("deepseek", Defaults(0.28, 0.28)),
)
UNKNOWN = Defaults(0.28, 0.28)


class TokenRatios:
    """Of one worker. Models are known by the names that providers have for them; the one longest unheard of goes."""

    __slots__ = ("_input", "_output")

    def __init__(self) -> None:
        self._input: dict[str, float] = {}
        self._output: dict[str, float] = {}

    def settle_input(self, model: str, text_bytes: int, tokens: int) -> None:
        """So many tokens were counted in a request with so much text."""
        if text_bytes >= MIN_BYTES and MIN_RATIO * text_bytes <= tokens <= text_bytes:
            known = self._input.get(model)
            if known is None:
                _make_room(self._input)
                known = default_of(model).input
            self._input[model] = known + (tokens / text_bytes - known) * WEIGHT

    def settle_output(self, model: str, text_bytes: int, tokens: int) -> None:
        """So many tokens were counted in an answer with so much text, thoughts that nobody sees left out."""
        if text_bytes >= MIN_BYTES and MIN_RATIO * text_bytes <= tokens <= text_bytes:
            known = self._output.get(model)
            if known is None:
                _make_room(self._output)
                known = default_of(model).output
            self._output[model] = known + (tokens / text_bytes - known) * WEIGHT

    def estimate_input(self, model: str, text_bytes: int) -> int:
        """At least one token of any text."""
        ratio = self._input.get(model)
        return _tokens(text_bytes, default_of(model).input if ratio is None else ratio)

    def estimate_output(self, model: str, text_bytes: int) -> int:
        """As `estimate_input`, of an answer."""
        ratio = self._output.get(model)
        return _tokens(text_bytes, default_of(model).output if ratio is None else ratio)


def default_of(model: str) -> Defaults:
    """What is known of a model before it has answered."""
    name = model.lower()
    for word, defaults in FAMILIES:
        if word in name:
            return defaults
    return UNKNOWN


def _tokens(text_bytes: int, ratio: float) -> int:
    return 0 if text_bytes <= 0 else max(1, round(text_bytes * ratio))


def _make_room(ratios: dict[str, float]) -> None:
    if len(ratios) >= MAX_MODELS:
        del ratios[next(iter(ratios))]
