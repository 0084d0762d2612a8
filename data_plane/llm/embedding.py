"""Texts to be turned into vectors, and the vectors, in no provider's words."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Raw, Struct

from data_plane.errors import UnmappableFields
from data_plane.llm.loss import Losses
from data_plane.usage import Usage

DIMENSIONS: Mapping[str, str] = {"openai-embeddings": "dimensions"}


class EmbedTask(Enum):
    """What a vector is for; models make others for each. APIs know some of these."""

    QUERY = "query"
    DOCUMENT = "document"
    SIMILARITY = "similarity"
    CLASSIFICATION = "classification"
    CLUSTERING = "clustering"
    QUESTION = "question"
    FACT = "fact"
    CODE = "code"


class EmbedInput(Struct):
    """One text, of which one vector is made. `path`: where the client wrote it; other fields of it stand beside.

    `tokens`: an array of token ids in place of the text; `content`: what is no text alone, as it was written. Both are
    for the API that they came by, or one that is worded alike.
    """

    text: str
    path: str
    title: str = ""
    task: EmbedTask | None = None
    tokens: Raw | None = None
    content: Raw | None = None


class EmbedRequest(Struct):
    """`is_single`: the client asked for one vector by itself, not for a list of one.

    `wants_base64`: vectors go to the client as bytes. `truncates`: whether a text that is too long is cut or an error;
    None: as the provider does. `extras`: as of a `GenerateRequest`.
    """

    api: str
    model: str
    inputs: list[EmbedInput]
    is_single: bool = False
    dimensions: int | None = None
    wants_base64: bool = False
    truncates: bool | None = None
    end_user: str = ""
    extras: dict[str, Raw] = {}


class Vector(Struct):
    """As the provider wrote it: either an array of numbers, or base64 of 32-bit floats, the lowest byte first."""

    numbers: Raw | None = None
    base64: str = ""


class Embeddings(Struct):
    """`vectors` in the order of the inputs. `id` and `model` are empty where the API does not say."""

    vectors: list[Vector]
    id: str = ""
    model: str = ""
    usage: Usage | None = None


def only_texts(request: EmbedRequest) -> list[str]:
    """The texts, where all inputs are no more than that.

    Raises:
        UnmappableFields: one is more. To leave that out would be to embed something else.
    """
    for each in request.inputs:
        if each.tokens is not None:
            raise UnmappableFields(
                f"the model's provider takes texts, not the token ids of `{each.path}`", fields=[each.path]
            )
        if each.content is not None:
            raise UnmappableFields(f"the model's provider takes texts alone in `{each.path}`", fields=[each.path])
    return [each.text for each in request.inputs]


def only_text(request: EmbedRequest) -> str:
    """The one text, for providers that take one a request.

    Raises:
        UnmappableFields: there are more, or it is more than text.
    """
    texts = only_texts(request)
    if len(texts) != 1:
        field = request.inputs[0].path.partition("[")[0]
        raise UnmappableFields(
            f"the model's provider takes one text a request, and `{field}` has {len(texts)}", fields=[field]
        )
    return texts[0]


def task_word(request: EmbedRequest, words: Mapping[EmbedTask, str], losses: Losses) -> str:
    """What a provider calls the task that all inputs are for; empty where nothing is said, or it has no word."""
    tasks = {each.task for each in request.inputs}
    task = tasks.pop() if len(tasks) == 1 else None
    word = words.get(task, "") if task is not None else ""
    if not word:
        for each in request.inputs:
            if each.task is not None:
                losses.drop(beside(each, "taskType"))
    return word


def drop_titles(request: EmbedRequest, losses: Losses) -> None:
    """For providers that know none."""
    for each in request.inputs:
        if each.title:
            losses.drop(beside(each, "title"))


def dimensions_field(request: EmbedRequest) -> str:
    """The path of the vectors' size, as the client wrote it; it is the same for all."""
    return DIMENSIONS.get(request.api) or beside(request.inputs[0], "outputDimensionality")


def beside(input: EmbedInput, field: str) -> str:
    """The path of a field that stands beside the input."""
    parent, dot, _ = input.path.rpartition(".")
    return f"{parent}{dot}{field}"
