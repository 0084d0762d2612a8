"""Fakes of what answers without a stream: embeddings, ranks, counts of tokens.

Sources: platform.openai.com/docs/api-reference/embeddings; ai.google.dev/api/embeddings and .../tokens;
docs.cohere.com/reference/embed and .../rerank; docs.aws.amazon.com/bedrock, "Titan Text Embeddings";
docs.vllm.ai, "Re-rank API"; docs.anthropic.com/en/api/messages-count-tokens.
"""

import json
import re
import struct
from base64 import b64encode
from typing import Any

from tests.fakes.matrix_scenario import Answer, Failure, Json
from tests.fakes.provider_anthropic import Anthropic
from tests.fakes.provider_bedrock import BedrockConverse, check_signature
from tests.fakes.provider_cohere import CohereChat, check_key
from tests.fakes.provider_gemini import Gemini, camel
from tests.fakes.provider_openai_chat import OpenAIChat
from tests.fakes.provider_stage import KEY, Asked, Heard, Refused, Reply, Run, check_fields, require

TOKENS = 7  # of any request
SCORES = (0.25, 0.75, 0.5)  # of documents, as they stand in the request
MAX_TEXTS = 96  # Cohere's


def vector(index: int) -> list[float]:
    """Of the text with this number; no rounding loses anything of it."""
    return [0.25 * (index + 1), -1.5, 3.0]


class Unary:
    """One wire API; all of these answer at once."""

    shows: frozenset[str] = frozenset()
    family = ""
    lacks: tuple[str, ...] = ()
    stream_type = ""
    name = ""
    path = re.compile("")

    def serves(self, path: str) -> bool:
        return self.path.fullmatch(path) is not None

    def stream(self, answer: Answer, heard: Heard, run: Run) -> list[bytes]:
        raise NotImplementedError

    def failure(self, failure: Failure, message: str) -> Reply:
        return OpenAIChat().failure(failure, message)


class OpenAIEmbeddings(Unary):
    """By default as numbers; its own SDK asks for base64."""

    name = "openai-embeddings"
    path = re.compile("/v1/embeddings")
    needs_key = True

    def read(self, asked: Asked) -> Heard:
        if self.needs_key and asked.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused("Incorrect API key provided", 401, "auth")
        body = asked.json()
        check_fields(body, ("model", "input", "encoding_format", "dimensions", "user"))
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        require(texts and all(texts), "'$.input' is invalid")
        form = body.get("encoding_format", "float")
        require(form in ("float", "base64"), "encoding_format")
        return Heard(users=texts, max_tokens=body.get("dimensions"), extra=form)

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        vectors: list[Any] = [vector(index) for index in range(len(heard.users))]
        if heard.extra == "base64":
            vectors = [b64encode(struct.pack("<3f", *each)).decode() for each in vectors]
        data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(vectors)]
        usage = {"prompt_tokens": TOKENS, "total_tokens": TOKENS}
        return json.dumps({"object": "list", "data": data, "model": "embedding-2026", "usage": usage}).encode()


class VllmEmbeddings(OpenAIEmbeddings):
    name = "vllm-embeddings"
    needs_key = False


class GeminiEmbeddings(Unary):
    name = "gemini-embeddings"
    path = re.compile(r"/v1beta/models/[^/:]+:(embedContent|batchEmbedContents)")

    def read(self, asked: Asked) -> Heard:
        Gemini().check_key(asked)
        body = camel(asked.json())
        is_batch = asked.path.endswith("batchEmbedContents")
        if is_batch:
            check_fields(body, ("requests",))
        entries = body["requests"] if is_batch else [body]
        require(entries, "* BatchEmbedContentsRequest.requests: required")
        heard = Heard(extra=is_batch)
        for entry in entries:
            check_fields(entry, ("model", "content", "taskType", "title", "outputDimensionality", "embedContentConfig"))
            require(not is_batch or entry["model"].startswith("models/"), "unexpected model name format")
            heard.users.append("".join(part["text"] for part in entry["content"]["parts"]))
            heard.max_tokens = entry.get("outputDimensionality")
        return heard

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        values = [{"values": vector(index)} for index in range(len(heard.users))]
        body: Json = {"embeddings": values} if heard.extra else {"embedding": values[0]}
        return json.dumps({**body, "usageMetadata": {"promptTokenCount": TOKENS}}).encode()

    def failure(self, failure: Failure, message: str) -> Reply:
        return Gemini().failure(failure, message)


class CohereEmbed(Unary):
    name = "cohere-embed"
    path = re.compile("/v2/embed")

    def read(self, asked: Asked) -> Heard:
        check_key(asked)
        body = asked.json()
        known = ("model", "texts", "inputs", "images", "input_type", "embedding_types", "truncate", "output_dimension")
        check_fields(body, (*known, "max_tokens", "priority"))
        require(body.get("input_type"), "input_type must be set")
        require(0 < len(body["texts"]) <= MAX_TEXTS, f"texts: at most {MAX_TEXTS}")
        require(body.get("embedding_types") == ["float"], "embedding_types")
        return Heard(users=body["texts"], max_tokens=body.get("output_dimension"))

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        vectors = [vector(index) for index in range(len(heard.users))]
        meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": TOKENS}}
        body = {"id": "e-1", "embeddings": {"float": vectors}, "texts": heard.users, "meta": meta}
        return json.dumps({**body, "response_type": "embeddings_by_type"}).encode()

    def failure(self, failure: Failure, message: str) -> Reply:
        return CohereChat().failure(failure, message)


class TitanEmbeddings(Unary):
    """One text a request."""

    name = "titan-embeddings"
    path = re.compile(r"/model/amazon\.titan-embed-text-v2(:|%3A)0/invoke")

    def read(self, asked: Asked) -> Heard:
        check_signature(asked)
        body = asked.json()
        check_fields(body, ("inputText", "dimensions", "normalize", "embeddingTypes"))
        require(isinstance(body.get("inputText"), str) and body["inputText"], "#: required key [inputText] not found")
        require(body.get("dimensions", 1024) in (256, 512, 1024), "dimensions")
        return Heard(users=[body["inputText"]], max_tokens=body.get("dimensions"))

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        return json.dumps({"embedding": vector(0), "inputTextTokenCount": TOKENS}).encode()

    def failure(self, failure: Failure, message: str) -> Reply:
        return BedrockConverse().failure(failure, message)


class CohereRerank(Unary):
    name = "cohere-rerank"
    path = re.compile("/v2/rerank")
    needs_key = True
    fields: tuple[str, ...] = ("model", "query", "documents", "top_n", "max_tokens_per_doc", "priority")

    def read(self, asked: Asked) -> Heard:
        if self.needs_key:
            check_key(asked)
        body = asked.json()
        check_fields(body, self.fields)
        require(body.get("query") and body.get("documents"), "query and documents are required")
        return Heard(users=[body["query"], *body["documents"]], max_tokens=body.get("top_n"))

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        results = [{"index": at, "relevance_score": score} for at, score in ranked(heard)]
        meta = {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}
        return json.dumps({"id": "r-1", "results": results, "meta": meta}).encode()

    def failure(self, failure: Failure, message: str) -> Reply:
        return CohereChat().failure(failure, message)


class JinaRerank(CohereRerank):
    """As vLLM and others have it; documents come back."""

    name = "jina-rerank"
    path = re.compile("/(v1/)?rerank")
    needs_key = False
    fields = ("model", "query", "documents", "top_n", "return_documents", "truncate_prompt_tokens", "priority")

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        results = [
            {"index": at, "relevance_score": score, "document": {"text": heard.users[at + 1]}}
            for at, score in ranked(heard)
        ]
        usage = {"prompt_tokens": TOKENS, "total_tokens": TOKENS}
        return json.dumps({"id": "rerank-1", "model": "reranker", "usage": usage, "results": results}).encode()

    def failure(self, failure: Failure, message: str) -> Reply:
        return OpenAIChat().failure(failure, message)


def ranked(heard: Heard) -> list[tuple[int, float]]:
    """The best first."""
    scored = sorted(enumerate(SCORES[: len(heard.users) - 1]), key=lambda each: -each[1])
    return scored[: heard.max_tokens or len(scored)]


class AnthropicCount(Unary):
    name = "anthropic-count"
    path = re.compile("/v1/messages/count_tokens")

    def read(self, asked: Asked) -> Heard:
        if asked.headers.get("x-api-key") != KEY:
            raise Refused("invalid x-api-key", 401, "auth")
        body = asked.json()
        require("max_tokens" not in body, "max_tokens: Extra inputs are not permitted")
        return Heard(system=json.dumps(body.get("system", "")), users=[json.dumps(body["messages"])])

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        return json.dumps({"input_tokens": TOKENS}).encode()

    def failure(self, failure: Failure, message: str) -> Reply:
        return Anthropic().failure(failure, message)


class GeminiCount(Unary):
    name = "gemini-count"
    path = re.compile(r"/v1beta/models/[^/:]+:countTokens")

    def read(self, asked: Asked) -> Heard:
        Gemini().check_key(asked)
        body = camel(asked.json())
        check_fields(body, ("contents", "generateContentRequest"))
        inner = body.get("generateContentRequest", body)
        require(("contents" in body) != ("generateContentRequest" in body), "contents or a whole request, one of both")
        require(inner is body or inner["model"].startswith("models/"), "unexpected model name format")
        return Heard(system=json.dumps(inner.get("systemInstruction", "")), users=[json.dumps(inner["contents"])])

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        return json.dumps({"totalTokens": TOKENS}).encode()

    def failure(self, failure: Failure, message: str) -> Reply:
        return Gemini().failure(failure, message)


class OpenAICount(Unary):
    name = "openai-count"
    path = re.compile("/v1/responses/input_tokens")

    def read(self, asked: Asked) -> Heard:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused("Incorrect API key provided", 401, "auth")
        body = asked.json()
        require("max_output_tokens" not in body, "Unknown parameter: 'max_output_tokens'")
        system = [
            each for each in body["input"] if isinstance(each, dict) and each.get("role") in ("system", "developer")
        ]
        return Heard(system=json.dumps([body.get("instructions"), system]), users=[json.dumps(body["input"])])

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        return json.dumps({"object": "response.input_tokens", "input_tokens": TOKENS}).encode()
