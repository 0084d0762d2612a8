"""Of the matrix, what answers without a stream: embeddings, ranks, counts of tokens."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.fakes.matrix_client import Client
from tests.fakes.matrix_provider import AWS, AWS_PLACE, NO_KEY, Column
from tests.fakes.matrix_scenario import Answer, Failure, Json, Line, Options, Scenario, Words
from tests.fakes.provider_stage import Run
from tests.fakes.provider_unary import (
    SCORES,
    TOKENS,
    AnthropicCount,
    CohereEmbed,
    CohereRerank,
    GeminiCount,
    GeminiEmbeddings,
    JinaRerank,
    OpenAICount,
    OpenAIEmbeddings,
    TitanEmbeddings,
    VllmEmbeddings,
    vector,
)

EMBED, RERANK, COUNT = "embed", "rerank", "count"


def texts(*words: str) -> tuple[Line, ...]:
    return (Line("user", tuple(Words(each) for each in words)),)


def operation(name: str, family: str, *words: str, system: str = "", **extra: object) -> Scenario:
    return Scenario(name, (Answer(),), texts(*words), system, options=Options(extra=extra), family=family)


def failing(name: str, family: str, failure: Failure) -> Scenario:
    return Scenario(
        name, (Answer(failure=failure),), texts("one", *(["two"] if family == RERANK else [])), family=family
    )


RATE = Failure(429, "rate", 7)
DIMENSIONS = "dimensions"


@dataclass(frozen=True)
class Group:
    """Who asks whom for what."""

    title: str
    clients: Sequence[Client]
    columns: Sequence[Column]
    scenarios: Sequence[Scenario]


BOTH_EMBED = (
    Client("openai-embeddings", "openai-embeddings", "openai-embeddings", "openai", frozenset()),
    Client("openai-embeddings 1.x", "openai-embeddings", "openai-embeddings", "openai", frozenset(), "sdk-past"),
    Client("gemini-embeddings", "gemini-embeddings", "gemini-unary", "google-genai", frozenset()),
)
RANK = (Client("cohere-rerank", "cohere-rerank", "cohere-rerank", "cohere", frozenset()),)
BOTH_COUNT = (
    Client("anthropic-count", "anthropic-count-tokens", "anthropic-count", "anthropic", frozenset()),
    Client("anthropic-count 0.1xx", "anthropic-count-tokens", "anthropic-count", "anthropic", frozenset(), "sdk-past"),
    Client("gemini-count", "gemini-count-tokens", "gemini-unary", "google-genai", frozenset()),
)
TITAN = ("amazon.titan-embed-text-v2:0",) * 2
GROUPS: Sequence[Group] = (
    Group(
        "Embeddings",
        BOTH_EMBED,
        (
            Column(
                "OpenAI embeddings",
                "OpenAI",
                {"openai-embeddings": OpenAIEmbeddings},
                ("text-embedding-3-small",) * 2,
                "/v1",
            ),
            Column(
                "Google embeddings", "Gemini", {"gemini-embeddings": GeminiEmbeddings}, ("gemini-embedding-001",) * 2
            ),
            Column("Cohere embeddings", "Cohere", {"cohere-embed": CohereEmbed}, ("embed-v4.0",) * 2),
            Column("Titan on Bedrock", "Bedrock", {"titan": TitanEmbeddings}, TITAN, auth=AWS, spec=AWS_PLACE),
            Column(
                "vLLM embeddings", "VLLM", {"openai-embeddings": VllmEmbeddings}, ("bge-m3",) * 2, "/v1", auth=NO_KEY
            ),
        ),
        (
            operation("one text", EMBED, "one"),
            operation("several texts", EMBED, "one", "two", "drei ü"),
            operation("a size of vectors", EMBED, "one", dimensions=256),
            failing("error 400", EMBED, Failure(400, "invalid")),
            failing("error 429 with Retry-After", EMBED, RATE),
        ),
    ),
    Group(
        "Ranks",
        RANK,
        (
            Column("Cohere rerank", "Cohere", {"cohere-rerank": CohereRerank}, ("rerank-v3.5",) * 2),
            Column("vLLM rerank", "VLLM", {"jina-rerank": JinaRerank}, ("bge-reranker-v2-m3",) * 2, "/v1", auth=NO_KEY),
            Column("Together rerank", "Together", {"jina-rerank": JinaRerank}, ("rerank-model",) * 2, "/v1"),
        ),
        (
            operation("all documents", RERANK, "query", "one", "two", "three"),
            operation("the best documents", RERANK, "query", "one", "two", "three", top_n=2),
            failing("error 429", RERANK, Failure(429, "rate")),
        ),
    ),
    Group(
        "Counts of tokens",
        BOTH_COUNT,
        (
            Column(
                "Anthropic count", "Anthropic", {"anthropic-count-tokens": AnthropicCount}, ("claude-sonnet-4-5",) * 2
            ),
            Column("Gemini count", "Gemini", {"gemini-count-tokens": GeminiCount}, ("gemini-2.5-flash",) * 2),
            Column("OpenAI count", "OpenAI", {"openai-input-tokens": OpenAICount}, ("gpt-4.1",) * 2, "/v1"),
        ),
        (
            operation("a message", COUNT, "one"),
            operation("a system prompt", COUNT, "one", system="Talk like a pirate."),
        ),
    ),
)
OPERATION_CLIENTS: Mapping[str, Client] = {client.name: client for group in GROUPS for client in group.clients}


def operation_problems(client: Client, scenario: Scenario, run: Run, told: Json) -> Iterator[str]:
    """What is wrong with an answer that came, and with what the provider heard for it."""
    words = [part.text for line in scenario.opening for part in line.parts if isinstance(part, Words)]
    heard = run.heard[0]
    said = "\n".join(heard.users)
    yield from (f"{text!r} is lost" for text in words if json_form(text) not in said and text not in said)
    options = scenario.options.extra
    wanted = options.get(DIMENSIONS) or options.get("top_n")
    if wanted is not None and heard.max_tokens != wanted:
        yield f"{heard.max_tokens}, not {wanted}"
    if scenario.system and client.name.startswith("anthropic") and scenario.system not in heard.system:
        yield "the system prompt is lost"
    if scenario.family == EMBED and told["vectors"] != [vector(index) for index in range(len(words))]:
        yield f"vectors {told['vectors']}"
    if scenario.family == RERANK:
        best = sorted(enumerate(SCORES[: len(words) - 1]), key=lambda each: -each[1])[: wanted or None]
        if told["ranks"] != [list(each) for each in best]:
            yield f"ranks {told['ranks']}"
    if told.get("tokens", TOKENS) != TOKENS:
        yield f"{told['tokens']} tokens"


def json_form(text: str) -> str:
    """As it stands inside JSON."""
    return text.encode("ascii", "backslashreplace").decode().replace("\\xfc", "\\u00fc")
