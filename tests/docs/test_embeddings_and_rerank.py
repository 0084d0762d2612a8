"""The tables of the page on embeddings and ranks: each cell is what the codecs do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from data_plane.codecs.client_api import classify
from data_plane.codecs.table import UNARY
from data_plane.codecs.wire import WIRES
from data_plane.errors import UnmappableFields
from data_plane.llm.loss import Losses
from data_plane.llm.traits import UNKNOWN
from tests.docs.markdown import ROOT

PAGE = (ROOT / "docs" / "embeddings-and-rerank.md").read_text()
COLUMNS = {
    "OpenAI": "openai-embeddings",
    "Gemini": "gemini-embeddings",
    "Vertex": "vertex-predict-embeddings",
    "Nova": "bedrock-nova-embeddings",
    "Titan": "bedrock-titan-embeddings",
    "Jina, vLLM": "jina-rerank",
    "TEI": "tei-rerank",
}
COHERES = {
    "Vectors": {"Cohere": "cohere-embed", "Cohere at Bedrock": "bedrock-cohere-embeddings"},
    "Ranks": {"Cohere": "cohere-rerank", "Cohere at Bedrock": "bedrock-cohere-rerank"},
}
Case = tuple[str, dict[str, Any]]


def openai(**fields: Any) -> Case:
    return "/v1/embeddings", {"model": "m", "input": "a", **fields}


def gemini(**fields: Any) -> Case:
    return "/v1beta/models/m:embedContent", {"content": {"parts": [{"text": "a"}]}, **fields}


def cohere(**fields: Any) -> Case:
    return "/v2/rerank", {"model": "m", "query": "q", "documents": ["a", {"text": "b"}], **fields}


PICTURE = {"parts": [{"text": "a"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}]}
ROWS: dict[str, Case] = {
    "one text": openai(),
    "several texts": openai(input=["a", "b"]),
    "token ids": openai(input=[1, 2]),
    "`dimensions`": openai(dimensions=256),
    "`encoding_format: base64`": openai(encoding_format="base64"),
    "`user`": openai(user="u"),
    "fields that nobody knows": openai(input_type="query"),
    "Gemini's `taskType` for documents": gemini(taskType="RETRIEVAL_DOCUMENT"),
    "Gemini's `taskType` for similarity": gemini(taskType="SEMANTIC_SIMILARITY"),
    "Gemini's `title`": gemini(title="T"),
    "Gemini's parts with pictures": gemini(content=PICTURE),
    "documents, as texts or with `text` alone": cohere(),
    "`top_n`": cohere(top_n=1),
    "`return_documents`": cohere(return_documents=True),
    "`max_tokens_per_doc`": cohere(max_tokens_per_doc=9),
}


def tables() -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Section, row's name, head and cells of each row."""
    section = ""
    head: list[str] = []
    for line in PAGE.splitlines():
        if line.startswith("## "):
            section, head = line[3:], []
        elif line.startswith("| ") and section in COHERES:
            cells = [each.strip() for each in line.strip("|").split("|")]
            if not head:
                head = cells[1:]
            else:
                yield section, cells[0], head, cells[1:]


def verdict(case: Case, target: str) -> str:
    path, body = case
    call = classify(path.encode(), {})
    losses = Losses()
    try:
        request = UNARY[WIRES[call.api, call.operation]].decode_request(json.dumps(body).encode(), call)
        UNARY[target].encode_request(request, UNKNOWN, losses)
    except UnmappableFields:
        return "refused"
    return "lost" if losses.fields else "kept"


@pytest.mark.parametrize(("section", "row", "head", "cells"), [pytest.param(*row, id=row[1]) for row in tables()])
def test_each_cell_is_what_the_codecs_do(section: str, row: str, head: list[str], cells: list[str]) -> None:
    targets = [{**COLUMNS, **COHERES[section]}[name] for name in head]

    assert [verdict(ROWS[row], target) for target in targets] == cells


def test_every_row_is_there() -> None:
    assert {row for _, row, _, _ in tables()} == ROWS.keys()
