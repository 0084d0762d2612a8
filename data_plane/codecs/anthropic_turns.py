"""The turns of a conversation as Anthropic Messages wants them: user and assistant in alternation, the system prompt
apart, results of tools together and first.

Source: docs.anthropic.com/en/api/messages, and "Mid-conversation system messages" (2026-11).
"""

from collections.abc import Sequence

from msgspec import Raw

from data_plane.codecs.anthropic_block import API
from data_plane.codecs.anthropic_block_encode import BlockEncoder, Json
from data_plane.llm.content import Role
from data_plane.llm.loss import Losses, message_path
from data_plane.llm.request import GenerateRequest
from data_plane.llm.traits import Traits

USER, ASSISTANT, SYSTEM = "user", "assistant", "system"


class Turn:
    """`blocks` is not empty. `extras`: fields of the message that only this API understands."""

    __slots__ = ("role", "blocks", "extras")

    def __init__(self, role: str, blocks: list[Json]) -> None:
        self.role = role
        self.blocks = blocks
        self.extras: dict[str, Raw] = {}


class Conversation:
    """`has_prefill`: it ends with the beginning of the answer."""

    __slots__ = ("system", "turns", "has_prefill")

    def __init__(self, system: list[Json], turns: list[Turn], has_prefill: bool) -> None:
        self.system = system
        self.turns = turns
        self.has_prefill = has_prefill


def encode_turns(request: GenerateRequest, traits: Traits, losses: Losses) -> Conversation:
    """All messages of a request."""
    system: list[Json] = []
    turns: list[Turn] = []
    has_later_system = _collect(request, losses, system, turns)
    if has_later_system and request.api != API:
        turns = _place_system(turns, is_taken=traits.takes_later_system)
    for turn in turns:
        if turn.role == USER and len(turn.blocks) > 1:
            turn.blocks.sort(key=_is_no_result)
    if not turns:  # nothing but instructions, which other APIs take: they are what the user says
        turns, system = ([Turn(USER, system)] if system else []), []
    has_prefill = _settle_prefill(turns, request, traits, losses)
    return Conversation(system, turns, has_prefill)


def _collect(request: GenerateRequest, losses: Losses, system: list[Json], turns: list[Turn]) -> bool:
    """Whether there are instructions that come later than at the start."""
    blocks = BlockEncoder(request.api == API, losses)
    has_later_system = False
    for index, message in enumerate(request.messages):
        path = message_path(request, index)
        role = message.role
        if message.name and role is not Role.TOOL:
            losses.drop(f"{path}.name")
        encoded = blocks.blocks(message.parts, path)
        if message.extras and request.api != API:
            losses.drop_all(message.extras, f"{path}.")
        if not encoded:
            continue
        if role is not Role.SYSTEM and role is not Role.DEVELOPER:
            _append(turns, ASSISTANT if role is Role.ASSISTANT else USER, encoded)
        elif turns:
            has_later_system = True
            _append(turns, SYSTEM, encoded)
        else:
            system += encoded
        if message.extras and turns and request.api == API:
            turns[-1].extras.update(message.extras)
    return has_later_system


def _append(turns: list[Turn], role: str, blocks: list[Json]) -> None:
    if turns and turns[-1].role == role:
        turns[-1].blocks += blocks
    else:
        turns.append(Turn(role, blocks))


def _place_system(turns: Sequence[Turn], *, is_taken: bool) -> list[Turn]:
    """Later instructions stay where they are if the model takes them there: between a user's turn and an answer.

    Else they become part of what the user says, so that order is kept.
    """
    placed: list[Turn] = []
    for index, turn in enumerate(turns):
        if turn.role != SYSTEM:
            _append(placed, turn.role, turn.blocks)
            continue
        is_before_answer = index + 1 == len(turns) or turns[index + 1].role == ASSISTANT
        if is_taken and is_before_answer and placed[-1].role == USER:
            placed.append(turn)
        else:
            _append(placed, USER, [{**block, "text": f"<system>\n{block['text']}\n</system>"} for block in turn.blocks])
    return placed


def _is_no_result(block: Json) -> bool:
    return block["type"] != "tool_result"


def _settle_prefill(turns: list[Turn], request: GenerateRequest, traits: Traits, losses: Losses) -> bool:
    """Of an answer that the model is to go on with: it may not end with white space, and some models take none.

    A turn that ends with a tool's block was interrupted, and goes on in any case.
    """
    if not turns or turns[-1].role != ASSISTANT:
        return False
    blocks = turns[-1].blocks
    if blocks[-1]["type"] != "text":
        return False
    if not traits.takes_prefill:
        losses.drop(message_path(request, len(request.messages) - 1))
        turns.pop()
        return False
    while blocks[-1]["type"] == "text":
        text = str(blocks[-1]["text"]).rstrip()
        if text:
            blocks[-1]["text"] = text
            return True
        blocks.pop()  # never the last one: blank text stands beside other text
    return False
