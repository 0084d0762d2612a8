"""Gemini's embedContent and batchEmbedContents. Source: ai.google.dev/api/embeddings (v1beta, 2026-11)."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs import gemini
from data_plane.codecs.client_api import Call
from data_plane.codecs.gemini_fields import camel_fields, child, children, integer, proto_reader
from data_plane.codecs.json_fields import decode_fields
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.codecs.vector import decode_numbers, encode_numbers
from data_plane.errors import BadRequest, InvalidUpstreamResponse, UnmappableFields
from data_plane.llm.embedding import Embeddings, EmbedInput, EmbedRequest, EmbedTask, beside, only_texts
from data_plane.llm.loss import Losses
from data_plane.llm.traits import Traits
from data_plane.usage import Usage

API = "gemini-embeddings"
ONE = b":embedContent"
TASKS: Mapping[str, EmbedTask] = {
    "RETRIEVAL_QUERY": EmbedTask.QUERY,
    "RETRIEVAL_DOCUMENT": EmbedTask.DOCUMENT,
    "SEMANTIC_SIMILARITY": EmbedTask.SIMILARITY,
    "CLASSIFICATION": EmbedTask.CLASSIFICATION,
    "CLUSTERING": EmbedTask.CLUSTERING,
    "QUESTION_ANSWERING": EmbedTask.QUESTION,
    "FACT_VERIFICATION": EmbedTask.FACT,
    "CODE_RETRIEVAL_QUERY": EmbedTask.CODE,
}
TASK_WORDS: Mapping[EmbedTask, str] = {task: word for word, task in TASKS.items()}
UNSPECIFIED = frozenset(("", "TASK_TYPE_UNSPECIFIED", "UNSPECIFIED"))

_encode = msgspec.json.Encoder().encode


def decode_request(body: bytes, call: Call) -> EmbedRequest:
    """What a client asks for: one vector, or many, as the path says.

    Raises:
        BadRequest: the API would refuse it; the text names the field.
        UnmappableFields: the vectors are to be of several sizes, which no other API can say.
    """
    try:
        reader = JsonReader(camel_fields(decode_fields(body)))
        if call.path.endswith(ONE):
            entries = [reader]
        else:
            entries = list(children(reader, "requests"))
            if not entries:
                raise Unreadable("`requests` is required, and must not be empty")
        return _decode(reader, entries, call)
    except Unreadable as error:
        raise BadRequest(str(error)) from None


def encode_request(request: EmbedRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for many, of which there may be one."""
    is_own = request.api == API
    texts = [each.text for each in request.inputs] if is_own else only_texts(request)
    named = request.model if "/" in request.model else f"models/{request.model}"
    entries: list[dict[str, object]] = []
    for each, text in zip(request.inputs, texts, strict=True):
        content: object = {"parts": [{"text": text}]} if each.content is None else each.content
        entry: dict[str, object] = {"model": named, "content": content}
        if each.task is not None:
            entry["taskType"] = TASK_WORDS[each.task]
        if each.title:
            entry["title"] = each.title
        if request.dimensions is not None:
            entry["outputDimensionality"] = request.dimensions
        if is_own and request.truncates is not None:
            entry["embedContentConfig"] = {"autoTruncate": request.truncates}
        entries.append(entry)
    if not is_own:
        losses.drop_all(request.extras)
    return _encode({"requests": entries})


def decode_response(body: bytes, request: EmbedRequest) -> Embeddings:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API, or none to this request.
    """
    try:
        reader = proto_reader(body, "")
        counted = reader.raw("usageMetadata")
        single = child(reader, "embedding")
        found = [single] if single is not None else list(children(reader, "embeddings"))
        if len(found) != len(request.inputs):
            raise Unreadable(f"`embeddings` must have one vector for each of the {len(request.inputs)} inputs")
        usage = None if counted is None else decode_usage(counted)
        return Embeddings([decode_numbers(each.raw("values"), each.at("values")) for each in found], usage=usage)
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def encode_response(answer: Embeddings, request: EmbedRequest) -> bytes:
    """The answer for a client."""
    vectors = [{"values": encode_numbers(each)} for each in answer.vectors]
    body: dict[str, object] = {"embedding": vectors[0]} if request.is_single else {"embeddings": vectors}
    usage = answer.usage
    if usage is not None:
        tokens = usage.input_uncached + usage.cache_read + usage.input_image + usage.input_audio
        body["usageMetadata"] = {"promptTokenCount": tokens, "totalTokenCount": tokens}
    return _encode(body)


def decode_usage(raw: Raw) -> Usage:
    """In buckets.

    Raises:
        Unreadable: its numbers are none.
    """
    try:
        return gemini.usage(None, bytes(raw))
    except UNREADABLE:
        raise Unreadable("`usageMetadata` must be numbers of tokens") from None


def _decode(reader: JsonReader, entries: list[JsonReader], call: Call) -> EmbedRequest:
    kept: dict[str, Raw] = {}
    inputs: list[EmbedInput] = []
    sizes: list[int | None] = []
    cuts: set[bool | None] = set()
    model = call.model
    for entry in entries:
        model = model or entry.text("model").removeprefix("models/")
        entry.raw("model")
        config = child(entry, "embedContentConfig") or JsonReader({}, "")
        inputs.append(_decode_input(entry, config))
        sizes.append(_size(entry, config))
        cuts.add(config.flag("autoTruncate"))
        for name, raw in (*entry.rest().items(), *config.rest().items()):
            kept[entry.at(name)] = raw
    for each, size in zip(inputs, sizes, strict=True):
        if size != sizes[0]:
            field = beside(each, "outputDimensionality")
            raise UnmappableFields(f"`{field}` must be the same in all requests for this model", fields=[field])
    return EmbedRequest(
        api=API,
        model=model,
        inputs=inputs,
        is_single=call.path.endswith(ONE),
        dimensions=sizes[0],
        truncates=cuts.pop() if len(cuts) == 1 else None,
        extras={**(reader.rest() if len(entries) != 1 or entries[0] is not reader else {}), **kept},
    )


def _decode_input(entry: JsonReader, config: JsonReader) -> EmbedInput:
    raw = entry.raw("content")
    if raw is None:
        raise Unreadable(f"`{entry.at('content')}` is required")
    path = entry.at("content")
    text = _decode_text(proto_reader(raw, path))
    word = (entry.text("taskType") or config.text("taskType")).upper()
    if word not in UNSPECIFIED and word not in TASKS:
        raise Unreadable(f"`{entry.at('taskType')}` must be one of {', '.join(sorted(TASKS))}")
    return EmbedInput(
        text="" if text is None else text,
        path=path,
        title=entry.text("title") or config.text("title"),
        task=TASKS.get(word),
        content=raw if text is None else None,
    )


def _decode_text(content: JsonReader) -> str | None:
    """Of the parts, as one; None: they are no texts. Each begins a line: they are not to grow together."""
    texts: list[str] = []
    for part in children(content, "parts"):
        text = part.text("text")
        if part.rest():
            return None
        texts.append(text)
    if not texts:
        raise Unreadable(f"`{content.at('parts')}` is required, and must not be empty")
    return "\n".join(texts)


def _size(entry: JsonReader, config: JsonReader) -> int | None:
    size = integer(entry, "outputDimensionality") or integer(config, "outputDimensionality")
    if size is not None and size < 1:
        raise Unreadable(f"`{entry.at('outputDimensionality')}` must be greater than or equal to 1")
    return size
