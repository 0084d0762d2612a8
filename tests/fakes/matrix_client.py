"""The clients of the matrix: official SDKs, each with what a caller of it can see and cannot say."""

from collections.abc import Mapping
from dataclasses import dataclass

CHAT, RESPONSES, MESSAGES, GEMINI = "openai-chat", "openai-responses", "anthropic-messages", "gemini"
TITLES: Mapping[str, str] = {
    CHAT: "OpenAI Chat Completions",
    RESPONSES: "OpenAI Responses",
    MESSAGES: "Anthropic Messages",
    GEMINI: "Gemini",
}


@dataclass(frozen=True)
class Client:
    """`driver`: what drives it. `environment`: where its SDK is installed; empty is our own.

    `shows`: what a caller sees of an answer, beside its text and calls. `cannot`: beginnings of features that the SDK
    has no way to ask for, or to read from anybody who speaks OpenAI's API.
    """

    name: str
    wire: str
    driver: str
    package: str
    shows: frozenset[str]
    environment: str = ""
    cannot: tuple[str, ...] = ()

    def can(self, feature: str) -> bool:
        return not feature.startswith(self.cannot) if self.cannot else True


# A client of Chat Completions gets thoughts as other servers of that API show them.
SHOWN_BY_CHAT = frozenset(("thought", "proof", "logprobs", "refusal", "candidates", "reasoning", "usage in streams"))
SHOWN_BY_RESPONSES = frozenset(("thought", "proof", "logprobs", "refusal", "reasoning", "usage in streams"))
SHOWN_BY_MESSAGES = frozenset(("thought", "proof", "sequence", "usage in streams"))
SHOWN_BY_GEMINI = frozenset(("thought", "proof", "logprobs", "candidates", "reasoning", "usage in streams"))
ALL = (
    Client("openai-chat", CHAT, "openai-chat", "openai", SHOWN_BY_CHAT),
    Client("openai-responses", RESPONSES, "openai-responses", "openai", SHOWN_BY_RESPONSES),
    Client("anthropic", MESSAGES, "anthropic", "anthropic", SHOWN_BY_MESSAGES),
    Client("gemini", GEMINI, "gemini", "google-genai", SHOWN_BY_GEMINI),
    Client("openai-chat 1.x", CHAT, "openai-chat", "openai", SHOWN_BY_CHAT, "sdk-past"),
    Client("openai-responses 1.x", RESPONSES, "openai-responses", "openai", SHOWN_BY_RESPONSES, "sdk-past"),
    Client("anthropic 0.1xx", MESSAGES, "anthropic", "anthropic", SHOWN_BY_MESSAGES, "sdk-past"),
    Client(
        "langchain",
        CHAT,
        "langchain",
        "langchain-openai",
        frozenset(("logprobs", "reasoning", "usage in streams")),  # it leaves out thoughts
        "sdk-langchain",
        ("several candidates", "refusal, streamed"),
    ),
    Client(
        "mistral",
        CHAT,
        "mistral",
        "mistralai",
        frozenset(("candidates",)),
        # It reads calls of tools that come whole, as Mistral streams them, and no pieces.
        cannot=(
            *("developer", "unknown field", "end user's id", "logprobs", "refusal", "PDF", "stream of a call"),
            *(
                "tool, streamed",
                "tool beside text, streamed",
                "parallel tools, streamed",
                "tools turn after turn, streamed",
            ),
            *("tool without arguments, streamed", "tool choice: required, streamed", "reasoning with tools, streamed"),
            *("tool that fails, streamed", "reasoning with parallel tools, streamed", "tool choice: one, streamed"),
        ),
    ),
)
CLIENTS: Mapping[str, Client] = {each.name: each for each in ALL}
NEWEST = ("openai-chat", "openai-responses", "anthropic", "gemini")
