"""Which of Cohere's and Amazon's models are told how long vectors are to be."""

import json
from typing import Any

from pytest import mark

from data_plane.codecs.table import UNARY
from data_plane.llm.embedding import EmbedInput, EmbedRequest
from data_plane.llm.loss import Losses
from data_plane.llm.traits import UNKNOWN


@mark.parametrize(
    ("api", "model", "field"),
    [
        ("cohere-embed", "embed-v4.0", {"output_dimension": 256}),
        ("cohere-embed", "embed-english-v3.0", {}),
        ("cohere-embed", "embed-multilingual-light-v3.0", {}),
        ("cohere-embed", "embed-english-v2.0", {}),
        ("bedrock-cohere-embeddings", "cohere.embed-v4:0", {"output_dimension": 256}),
        ("bedrock-cohere-embeddings", "cohere.embed-english-v3", {}),
        ("bedrock-titan-embeddings", "amazon.titan-embed-text-v2:0", {"dimensions": 256}),
        ("bedrock-titan-embeddings", "amazon.titan-embed-text-v1", {}),
        ("bedrock-titan-embeddings", "amazon.titan-embed-g1-text-02", {}),
        (
            "bedrock-titan-embeddings",
            "amazon.titan-embed-image-v1",
            {"embeddingConfig": {"outputEmbeddingLength": 256}},
        ),
    ],
)
def test_a_size_is_told_or_named_as_lost(api: str, model: str, field: dict[str, Any]) -> None:
    request = EmbedRequest("openai-embeddings", model, [EmbedInput("a", "input")], dimensions=256)
    losses = Losses()

    body = json.loads(UNARY[api].encode_request(request, UNKNOWN, losses))

    assert {key: value for key, value in body.items() if "imension" in key or "Config" in key} == field
    assert losses.fields == ([] if field else ["dimensions"])
