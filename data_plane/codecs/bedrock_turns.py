"""The turns of a conversation as Bedrock's Converse wants them: user and assistant in alternation, the user first, the
system prompt apart, results of tools together and first.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html, and what the API answers to others.
"""

from collections.abc import Sequence

from data_plane.codecs.bedrock_block import BlockEncoder
from data_plane.codecs.bedrock_options import Json
from data_plane.llm.content import Role
from data_plane.llm.loss import Losses, message_path
from data_plane.llm.request import GenerateRequest
from data_plane.llm.traits import Traits

USER, ASSISTANT, SYSTEM = "user", "assistant", "system"


class Turn:
    """`blocks` is not empty. `path`: where the client wrote the first of them."""

    __slots__ = ("role", "blocks", "path")

    def __init__(self, role: str, blocks: list[Json], path: str) -> None:
        self.role = role
        self.blocks = blocks
        self.path = path


class Conversation:
    """`has_prefill`: it ends with the beginning of the answer."""

    __slots__ = ("system", "turns", "has_prefill")

    def __init__(self, system: list[Json], turns: list[Turn], has_prefill: bool) -> None:
        self.system = system
        self.turns = turns
        self.has_prefill = has_prefill


def encode_turns(request: GenerateRequest, traits: Traits, losses: Losses, blocks: BlockEncoder) -> Conversation:
    """All messages of a request."""
    system: list[Json] = []
    turns = _place_system(_collect(request, losses, blocks, system), is_taken=traits.takes_later_system)
    for turn in turns:
        if turn.role == USER:
            turn.blocks = _settle_user(turn.blocks)
    if not turns:  # nothing but instructions, which other APIs take: they are what the user says
        turns, system = ([Turn(USER, system, "")] if system else []), []
    has_prefill = _settle_prefill(turns, traits, losses)
    while turns and turns[0].role == ASSISTANT:
        losses.drop(turns.pop(0).path)
    return Conversation(system, turns, has_prefill)


def _collect(request: GenerateRequest, losses: Losses, blocks: BlockEncoder, system: list[Json]) -> list[Turn]:
    """Turns, among them instructions that come later than at the start; the others are in `system`."""
    turns: list[Turn] = []
    for index, message in enumerate(request.messages):
        path = message_path(request, index)
        role = message.role
        if message.name and role is not Role.TOOL:
            losses.drop(f"{path}.name")
        losses.drop_all(message.extras, f"{path}.")
        is_answer = role is Role.ASSISTANT
        encoded = blocks.blocks(message.parts, path, is_answer=is_answer)
        if not encoded:
            continue
        if role is not Role.SYSTEM and role is not Role.DEVELOPER:
            _append(turns, ASSISTANT if is_answer else USER, encoded, path)
        elif turns:
            _append(turns, SYSTEM, encoded, path)
        else:
            system += encoded
    return turns


def _append(turns: list[Turn], role: str, blocks: list[Json], path: str) -> None:
    if turns and turns[-1].role == role:
        turns[-1].blocks += blocks
    else:
        turns.append(Turn(role, blocks, path))


def _place_system(turns: Sequence[Turn], *, is_taken: bool) -> list[Turn]:
    """Later instructions stay where they are if the model takes them there: between a user's turn and an answer.

    Else they become part of what the user says, so that order is kept.
    """
    placed: list[Turn] = []
    for index, turn in enumerate(turns):
        if turn.role != SYSTEM:
            _append(placed, turn.role, turn.blocks, turn.path)
            continue
        is_before_answer = index + 1 == len(turns) or turns[index + 1].role == ASSISTANT
        if is_taken and is_before_answer and placed[-1].role == USER:
            placed.append(turn)
        else:
            _append(placed, USER, [_as_said(block) for block in turn.blocks], turn.path)
    return placed


def _as_said(block: Json) -> Json:
    return {"text": f"<system>\n{block['text']}\n</system>"} if "text" in block else block


def _settle_user(blocks: list[Json]) -> list[Json]:
    """Results of tools first, each with the cache point behind it; and with a document there must be text."""
    groups: list[list[Json]] = []
    for block in blocks:
        if "cachePoint" in block and groups:
            groups[-1].append(block)
        else:
            groups.append([block])
    groups.sort(key=_is_no_result)
    settled = [block for group in groups for block in group]
    if any("document" in block for block in blocks) and not any("text" in block for block in blocks):
        settled.append({"text": "The document is attached."})
    return settled


def _is_no_result(group: list[Json]) -> bool:
    return "toolResult" not in group[0]


def _settle_prefill(turns: list[Turn], traits: Traits, losses: Losses) -> bool:
    """Of an answer that the model is to go on with: it may not end with white space, and some models take none."""
    if not turns or turns[-1].role != ASSISTANT or "text" not in turns[-1].blocks[-1]:
        return False
    if not traits.takes_prefill:
        losses.drop(turns.pop().path)
        return False
    last = turns[-1].blocks[-1]
    last["text"] = str(last["text"]).rstrip()
    return True
