"""OpenAI Embeddings, which vLLM, TEI, Ollama and many others word alike.

Source: platform.openai.com/docs/api-reference/embeddings (2026-11).
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from data_plane.codecs.client_api import Call
from data_plane.codecs.json_fields import decode_fields
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.codecs.openai_chat import usage as usage_of
from data_plane.codecs.vector import decode_vector, encode_base64, encode_numbers
from data_plane.errors import BadRequest, InvalidUpstreamResponse
from data_plane.llm.embedding import (
    Embeddings,
    EmbedInput,
    EmbedRequest,
    Vector,
    beside,
    drop_titles,
    only_texts,
    task_word,
)
from data_plane.llm.loss import Losses
from data_plane.llm.traits import Traits
from data_plane.usage import Usage

API = "openai-embeddings"
FORMATS = frozenset(("float", "base64"))

_encode = msgspec.json.Encoder().encode
_array = msgspec.json.Decoder(list[Raw]).decode
_text = msgspec.json.Decoder(str).decode
_tokens = msgspec.json.Decoder(list[int]).decode


def decode_request(body: bytes, call: Call) -> EmbedRequest:
    """What a client asks for. An input that is too long is an error in this API, never cut.

    Raises:
        BadRequest: the API would refuse it; the text names the field.
    """
    try:
        reader = JsonReader(decode_fields(body))
        raw = reader.raw("input")
        if raw is None:
            raise Unreadable("`input` is required")
        dimensions = reader.integer("dimensions")
        if dimensions is not None and dimensions < 1:
            raise Unreadable("`dimensions` must be greater than or equal to 1")
        inputs, is_single = _decode_inputs(raw)
        return EmbedRequest(
            api=API,
            model=reader.text("model") or call.model,
            inputs=inputs,
            is_single=is_single,
            dimensions=dimensions,
            wants_base64=reader.one_of("encoding_format", FORMATS) == "base64",
            truncates=False,
            end_user=reader.text("user"),
            extras=reader.rest(),
        )
    except Unreadable as error:
        raise BadRequest(str(error)) from None


def encode_request(request: EmbedRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this."""
    body: dict[str, object] = {"model": request.model, "input": _encode_inputs(request)}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    if request.end_user:
        body["user"] = request.end_user
    if request.api == API:
        if request.wants_base64:
            body["encoding_format"] = "base64"
        body.update(request.extras)
    else:
        if request.truncates:
            losses.drop(beside(request.inputs[0], "autoTruncate"))  # here, what is too long is an error
        drop_titles(request, losses)
        task_word(request, {}, losses)
        losses.drop_all(request.extras)
    return _encode(body)


def decode_response(body: bytes, request: EmbedRequest) -> Embeddings:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API, or none to this request.
    """
    try:
        reader = JsonReader.of(body)
        counted = reader.raw("usage")
        return Embeddings(
            vectors=_decode_vectors(reader, len(request.inputs)),
            id=reader.text("id"),
            model=reader.text("model"),
            usage=None if counted is None else _decode_usage(counted),
        )
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def encode_response(answer: Embeddings, request: EmbedRequest) -> bytes:
    """The answer for a client. SDKs read `usage` in any case: it is zero where nobody knows."""
    vectors: Sequence[object]
    if request.wants_base64:
        vectors = [encode_base64(each) for each in answer.vectors]
    else:
        vectors = [encode_numbers(each) for each in answer.vectors]
    usage = answer.usage or Usage()
    tokens = usage.input_uncached + usage.cache_read + usage.input_image + usage.input_audio
    return _encode(
        {
            "object": "list",
            "data": [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(vectors)],
            "model": answer.model or request.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


def _decode_inputs(raw: Raw) -> tuple[list[EmbedInput], bool]:
    """Beside the inputs, whether it is one by itself: a text, or the token ids of one."""
    written = bytes(raw)
    if written[:1] == b'"':
        return [EmbedInput(_decode_text(raw, "input"), "input")], True
    try:
        entries = _array(raw)
    except UNREADABLE:
        raise Unreadable("`input` must be a string or an array") from None
    if not entries:
        raise Unreadable("`input` must not be empty")
    if bytes(entries[0])[:1] in (b"[", b'"'):
        return [_decode_input(each, f"input[{at}]") for at, each in enumerate(entries)], False
    return [EmbedInput("", "input", tokens=_check_tokens(raw, "input"))], True


def _decode_input(raw: Raw, path: str) -> EmbedInput:
    if bytes(raw)[:1] == b"[":
        return EmbedInput("", path, tokens=_check_tokens(raw, path))
    return EmbedInput(_decode_text(raw, path), path)


def _decode_text(raw: Raw, path: str) -> str:
    try:
        return _text(raw)
    except UNREADABLE:
        raise Unreadable(f"`{path}` must be a string or an array of token ids") from None


def _check_tokens(raw: Raw, path: str) -> Raw:
    try:
        tokens = _tokens(raw)
    except UNREADABLE:
        tokens = []
    if not tokens:
        raise Unreadable(f"`{path}` must be an array of token ids")
    return raw


def _encode_inputs(request: EmbedRequest) -> object:
    """Token ids go to whoever speaks this API, and to nobody else."""
    if request.api == API:
        inputs: list[object] = [each.text if each.tokens is None else each.tokens for each in request.inputs]
    else:
        inputs = list(only_texts(request))
    return inputs[0] if request.is_single else inputs


def _decode_vectors(reader: JsonReader, count: int) -> list[Vector]:
    """By `index`; without one, in the order in which they stand."""
    found: dict[int, Vector] = {}
    for at, entry in enumerate(reader.objects("data")):
        index = entry.integer("index")
        raw = entry.raw("embedding")
        if raw is None:
            raise Unreadable(f"`{entry.at('embedding')}` is required")
        found[at if index is None else index] = decode_vector(raw, entry.at("embedding"))
    if sorted(found) != list(range(count)):
        raise Unreadable(f"`data` must have one vector for each of the {count} inputs")
    return [found[index] for index in range(count)]


def _decode_usage(raw: Raw) -> Usage:
    try:
        return usage_of(None, bytes(raw))
    except UNREADABLE:
        raise Unreadable("`usage` must be numbers of tokens") from None
