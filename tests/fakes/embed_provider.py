"""Providers that embed and rank, as far as they look at what they are sent: what they would refuse raises here.

Sources: the APIs' references, as of the codecs.
"""

import json
import struct
from base64 import b64encode
from collections.abc import Callable
from typing import Any

COHERE_TASKS = {"search_document", "search_query", "classification", "clustering"}
GOOGLE_TASKS = {
    "RETRIEVAL_QUERY",
    "RETRIEVAL_DOCUMENT",
    "SEMANTIC_SIMILARITY",
    "CLASSIFICATION",
    "CLUSTERING",
    "QUESTION_ANSWERING",
    "FACT_VERIFICATION",
    "CODE_RETRIEVAL_QUERY",
}
SIZES = {256, 384, 512, 768, 1024, 1536, 3072}


def vector_of(text: str, size: int | None) -> list[float]:
    """Floats that follow from the text; each is a 32-bit float, written as short as can be."""
    seed = sum(text.encode())
    raw = [((seed * (place + 3)) % 997) / 997 - 0.5 for place in range(min(size or 8, 8))]
    return [json.loads(f"{struct.unpack('<f', struct.pack('<f', each))[0]:.9g}") for each in raw]


def known(fields: dict[str, Any], required: set[str], optional: set[str]) -> None:
    """All that is required, and nothing that is not known."""
    assert required <= fields.keys() <= required | optional, sorted(fields)


def openai(body: dict[str, Any]) -> Any:
    known(body, {"model", "input"}, {"dimensions", "encoding_format", "user"})
    inputs = [body["input"]] if isinstance(body["input"], str) else body["input"]
    vectors = [vector_of(text, body.get("dimensions")) for text in inputs]
    data: list[Any] = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(vectors)]
    if body.get("encoding_format") == "base64":
        for each in data:
            each["embedding"] = b64encode(struct.pack(f"<{len(each['embedding'])}f", *each["embedding"])).decode()
    return {"object": "list", "data": data[::-1], "model": "m", "usage": {"prompt_tokens": 9, "total_tokens": 9}}


def gemini(body: dict[str, Any]) -> Any:
    known(body, {"requests"}, set())
    for each in body["requests"]:
        known(each, {"model", "content"}, {"taskType", "title", "outputDimensionality"})
        assert each["model"] == "models/m"
        assert each.get("taskType", "CLUSTERING") in GOOGLE_TASKS
        assert "title" not in each or each.get("taskType") == "RETRIEVAL_DOCUMENT"
    texts = ["".join(part["text"] for part in each["content"]["parts"]) for each in body["requests"]]
    sizes = [each.get("outputDimensionality") for each in body["requests"]]
    vectors = [{"values": vector_of(text, size)} for text, size in zip(texts, sizes, strict=True)]
    return {"embeddings": vectors, "usageMetadata": {"promptTokenCount": 9}}


def vertex(body: dict[str, Any]) -> Any:
    known(body, {"instances"}, {"parameters"})
    parameters = body.get("parameters", {})
    known(parameters, set(), {"autoTruncate", "outputDimensionality"})
    predictions = []
    for each in body["instances"]:
        known(each, {"content"}, {"task_type", "title"})
        assert each.get("task_type", "CLUSTERING") in GOOGLE_TASKS
        values = vector_of(each["content"], parameters.get("outputDimensionality"))
        predictions.append(
            {"embeddings": {"values": values, "statistics": {"token_count": 9 / len(body["instances"])}}}
        )
    return {"predictions": predictions}


def cohere(body: dict[str, Any]) -> Any:
    known(body, {"model", "texts", "input_type", "embedding_types"}, {"output_dimension", "truncate"})
    return {**bedrock_cohere({key: value for key, value in body.items() if key != "model"}), "meta": COHERE_META}


COHERE_META = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 9.0}}


def bedrock_cohere(body: dict[str, Any]) -> Any:
    known(body, {"texts", "input_type"}, {"embedding_types", "output_dimension", "truncate"})
    assert body["input_type"] in COHERE_TASKS and len(body["texts"]) <= 96
    assert body.get("output_dimension", 256) in SIZES and body.get("truncate", "NONE") in {"NONE", "START", "END"}
    return {
        "id": "x",
        "embeddings": {"float": [vector_of(each, body.get("output_dimension")) for each in body["texts"]]},
    }


def titan(body: dict[str, Any]) -> Any:
    known(body, {"inputText"}, {"dimensions", "normalize"})
    assert body.get("dimensions", 256) in {256, 512, 1024}
    return {"embedding": vector_of(body["inputText"], body.get("dimensions")), "inputTextTokenCount": 9}


def nova(body: dict[str, Any]) -> Any:
    known(body, {"taskType", "singleEmbeddingParams"}, {"schemaVersion"})
    asked = body["singleEmbeddingParams"]
    known(asked, {"embeddingPurpose", "text"}, {"embeddingDimension"})
    known(asked["text"], {"truncationMode", "value"}, set())
    assert asked.get("embeddingDimension", 256) in {256, 384, 1024, 3072}
    return {"embeddings": [{"embeddingType": "TEXT", "embedding": vector_of(asked["text"]["value"], None)}]}


EMBED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "openai-embeddings": openai,
    "gemini-embeddings": gemini,
    "vertex-predict-embeddings": vertex,
    "cohere-embed": cohere,
    "bedrock-cohere-embeddings": bedrock_cohere,
    "bedrock-titan-embeddings": titan,
    "bedrock-nova-embeddings": nova,
}
ONE_ONLY = ("bedrock-titan-embeddings", "bedrock-nova-embeddings")


def score_of(query: str, document: str) -> float:
    """Higher for documents that share more words with the query."""
    return round(len({*query.lower().split()} & {*document.lower().split()}) / 10 + len(document) / 10_000, 6)


def ranked(query: str, documents: list[str]) -> list[tuple[int, float]]:
    scores = [(at, score_of(query, each)) for at, each in enumerate(documents)]
    return sorted(scores, key=lambda each: -each[1])


def cohere_rank(body: dict[str, Any]) -> Any:
    known(body, {"model", "query", "documents"}, {"top_n", "max_tokens_per_doc", "priority"})
    return {"id": "r", **_cohere_results(body), "meta": {"billed_units": {"search_units": 1}}}


def bedrock_rank(body: dict[str, Any]) -> Any:
    known(body, {"query", "documents", "api_version"}, {"top_n", "max_tokens_per_doc"})
    assert body["api_version"] == 2 and 1 <= body.get("top_n", 1) <= len(body["documents"])
    return _cohere_results(body)


def _cohere_results(body: dict[str, Any]) -> Any:
    assert all(isinstance(each, str) for each in body["documents"])
    results = ranked(body["query"], body["documents"])[: body.get("top_n")]
    return {"results": [{"index": at, "relevance_score": score} for at, score in results]}


def jina_rank(body: dict[str, Any]) -> Any:
    known(body, {"model", "query", "documents"}, {"top_n", "return_documents"})
    found = _cohere_results(body)["results"]
    return {"model": "m", "usage": {"total_tokens": 30}, "results": found}


def tei_rank(body: dict[str, Any]) -> Any:
    known(body, {"query", "texts"}, {"truncate", "raw_scores", "return_text"})
    return [{"index": at, "score": score} for at, score in ranked(body["query"], body["texts"])]


RANK: dict[str, Callable[[dict[str, Any]], Any]] = {
    "cohere-rerank": cohere_rank,
    "bedrock-cohere-rerank": bedrock_rank,
    "jina-rerank": jina_rank,
    "tei-rerank": tei_rank,
}
