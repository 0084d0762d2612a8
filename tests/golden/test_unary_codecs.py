"""Goldens of embeddings, ranks and counts: each cell of the matrix, damaged value by value, and nothing lost."""

import json
import struct
from base64 import b64decode
from pathlib import Path
from typing import Any

from pytest import mark, param

from data_plane.codecs.table import UNARY
from data_plane.codecs.unary import UnaryCodec
from data_plane.errors import BadRequest, InvalidUpstreamResponse, UnmappableFields
from data_plane.llm.embedding import EmbedRequest
from data_plane.llm.loss import Losses
from data_plane.llm.traits import UNKNOWN
from tests.fakes.damage import damages
from tests.fakes.unary_golden import (
    CLIENTS,
    FOLDER,
    answers_for,
    call_of,
    cells,
    decode,
    files,
    providers_of,
    send,
    tell,
    tellings,
)

Codec = UnaryCodec[Any, Any]
REQUESTS = [param(client, path, id=f"{client}-{path.stem}") for client in CLIENTS for path in files(client, "requests")]
ANSWERS = [param(api, path, id=f"{api}-{path.stem}") for api in UNARY for path in files(api, "answers")]
TOLD = tellings()
VECTORS = [case for case in TOLD if "embed" in case.values[0]]


def strings_of(value: Any) -> set[str]:
    """All texts in a document, keys left out."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*(strings_of(each) for each in value.values()))
    return set().union(*(strings_of(each) for each in value)) if isinstance(value, list) else set()


@mark.parametrize(("client", "path", "codec"), cells())
def test_a_provider_is_sent(client: str, path: Path, codec: Codec) -> None:
    golden = FOLDER / codec.api / "sent" / f"{client}.{path.stem}.json"

    assert send(client, path, codec) == json.loads(golden.read_bytes())


@mark.parametrize(("client", "path", "codec", "answer"), TOLD)
def test_a_client_is_told(client: str, path: Path, codec: Codec, answer: Path) -> None:
    golden = FOLDER / client / "told" / f"{path.stem}.{codec.api}.{answer.stem}.json"

    assert tell(client, path, codec, answer.read_bytes()) == json.loads(golden.read_bytes())


def test_no_golden_is_left_over() -> None:
    sent = {(FOLDER / case.values[2].api / "sent" / f"{case.values[0]}.{case.values[1].stem}.json") for case in cells()}
    told = {
        FOLDER / client / "told" / f"{path.stem}.{codec.api}.{answer.stem}.json"
        for client, path, codec, answer in (case.values for case in TOLD)
    }

    assert {*FOLDER.glob("*/sent/*.json"), *FOLDER.glob("*/told/*.json")} == sent | told


@mark.parametrize(("client", "path", "codec"), cells())
def test_every_text_of_a_request_goes_out_as_it_came_in(client: str, path: Path, codec: Codec) -> None:
    body = json.loads(path.read_bytes())
    sent = send(client, path, codec)
    texts = {text for text in strings_of(body) if " " in text}  # of the goldens, names have no spaces
    titles = {body["title"]} if "title" in body else set()

    if "refused" in sent:
        assert sent["refused"]
        return
    joined = "\x00".join(strings_of(sent["body"]))
    lost = {text for text in texts if text not in joined}
    assert lost <= (titles if sent.get("losses") else set())


@mark.parametrize(("client", "path", "codec", "answer"), VECTORS)
def test_every_vector_comes_out_as_the_floats_that_went_in(client: str, path: Path, codec: Codec, answer: Path) -> None:
    request: EmbedRequest = decode(client, path)

    told = tell(client, path, codec, answer.read_bytes())

    given = [floats_of(each) for each in given_vectors(json.loads(answer.read_bytes()))]
    if client == "gemini-embeddings":
        vectors = [told["embedding"]] if request.is_single else told["embeddings"]
        found = [each["values"] for each in vectors]
    else:
        found = [each["embedding"] for each in told["data"]]
        assert [each["index"] for each in told["data"]] == list(range(len(request.inputs)))
        assert all(isinstance(each, str) == request.wants_base64 for each in found)
    assert [floats_of(each) for each in found] == given


def given_vectors(answer: Any) -> list[Any]:
    """Those of a provider's answer, in the order of the inputs."""
    if "data" in answer:
        return [each["embedding"] for each in sorted(answer["data"], key=lambda each: each.get("index", 0))]
    if "predictions" in answer:
        return [each["embeddings"]["values"] for each in answer["predictions"]]
    if "embedding" in answer:
        return [answer["embedding"]["values"] if isinstance(answer["embedding"], dict) else answer["embedding"]]
    if isinstance(answer["embeddings"], dict):
        return list(answer["embeddings"]["float"])
    return [each.get("values") or each["embedding"] for each in answer["embeddings"]]


def floats_of(vector: Any) -> bytes:
    """The bytes of a vector's 32-bit floats."""
    return b64decode(vector) if isinstance(vector, str) else struct.pack(f"<{len(vector)}f", *vector)


@mark.parametrize(("client", "path"), REQUESTS)
def test_what_is_sent_in_the_client_s_own_api_says_all_and_reads_as_it_was_written(client: str, path: Path) -> None:
    codec = UNARY[client]
    sent = send(client, path, codec)

    assert "losses" not in sent
    if "refused" not in sent:
        again = codec.decode_request(json.dumps(sent["body"]).encode(), call_of(client, "many"))
        assert json.loads(codec.encode_request(again, UNKNOWN, Losses())) == sent["body"]


@mark.parametrize(("client", "path"), REQUESTS)
def test_a_damaged_request_is_refused_or_understood(client: str, path: Path) -> None:
    count = 0
    for damaged in damages(path.read_bytes()):
        count += 1
        try:
            request = UNARY[client].decode_request(damaged, call_of(client, path.stem))
        except (BadRequest, UnmappableFields):
            continue
        for codec in providers_of(client):
            try:
                json.loads(codec.encode_request(request, UNKNOWN, Losses()))
            except UnmappableFields as error:
                assert error.fields
    assert count > 10


@mark.parametrize(("api", "path"), ANSWERS)
def test_a_damaged_answer_is_refused_or_understood(api: str, path: Path) -> None:
    askers = [
        (client, asked)
        for client in CLIENTS
        for asked in files(client, "requests")
        if UNARY[api] in providers_of(client) and asked.stem != "many-sizes"
        if path in answers_for(decode(client, asked), api)
    ]
    assert askers
    for damaged in damages(path.read_bytes()):
        for client, asked in askers:
            request = decode(client, asked)
            try:
                answer = UNARY[api].decode_response(damaged, request)
                told = json.loads(UNARY[client].encode_response(answer, request))
            except InvalidUpstreamResponse:
                continue
            assert_well_formed(client, told, request)


def assert_well_formed(client: str, told: Any, request: Any) -> None:
    """As many results as were asked for, each a number or a list of them."""
    if hasattr(request, "documents"):
        scores = [each["relevance_score"] for each in told["results"]]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == min(request.top_n or len(request.documents), len(request.documents))
        assert len({each["index"] for each in told["results"]}) == len(scores)
    elif client == "openai-embeddings":
        assert len(told["data"]) == len(request.inputs)
        assert all(floats_of(each["embedding"]) for each in told["data"])
    elif client == "gemini-embeddings":
        vectors = [told["embedding"]] if request.is_single else told["embeddings"]
        assert len(vectors) == len(request.inputs)
        assert all(floats_of(each["values"]) for each in vectors)
    else:
        count = told.get("input_tokens", told.get("totalTokens"))
        assert type(count) is int and count >= 0
