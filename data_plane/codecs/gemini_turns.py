"""The turns of a conversation as Gemini wants them: the system prompt apart, the answers of functions together right
after their calls and in their order, and what one side says in one piece.

Source: ai.google.dev/gemini-api/docs/function-calling, "Thought signatures" (2026-11).
"""

from collections.abc import Sequence

from msgspec import Raw

from data_plane.codecs.gemini_fields import API
from data_plane.codecs.gemini_history import is_object
from data_plane.codecs.gemini_part import MINTED, SIGNATURE
from data_plane.codecs.gemini_part_encode import Json, encode_call, encode_own_thought, encode_part
from data_plane.llm.content import (
    Image,
    Message,
    Part,
    Role,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from data_plane.llm.loss import Losses, message_path
from data_plane.llm.request import GenerateRequest
from data_plane.llm.traits import Traits

USER, MODEL = "user", "model"
NO_ANSWER = -1
# The documented word for a call that another model made, where the API insists on a signature.
EXCUSE = "skip_thought_signature_validator"


class Turn:
    """`parts` with their places: that of an answer among the calls, else `NO_ANSWER`. `answers`: nothing but those."""

    __slots__ = ("role", "is_answers", "parts", "extras")

    def __init__(self, role: str, parts: list[tuple[int, object]], *, is_answers: bool = False) -> None:
        self.role = role
        self.is_answers = is_answers
        self.parts = parts
        self.extras: dict[str, Raw] = {}


class TurnEncoder:
    """Of one request."""

    __slots__ = ("system", "_request", "_turns", "_is_own", "_traits", "_losses", "_names", "_places")

    def __init__(self, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
        self.system: list[object] = []
        self._request = request
        self._turns: list[Turn] = []
        self._is_own = request.api == API
        self._traits = traits
        self._losses = losses
        self._names: dict[str, str] = {}  # of calls, by id
        self._places: dict[str, int] = {}

    def contents(self) -> list[Json]:
        """All turns; after that, `system` is whole."""
        for index, message in enumerate(self._request.messages):
            self._add(message, message_path(self._request, index))
        if not self._turns and self.system:  # nothing but instructions, which other APIs take
            self._turns.append(Turn(USER, [(NO_ANSWER, part) for part in self.system]))
            self.system = []
        self._settle_prefill()
        return [_content(turn) for turn in self._turns]

    def _add(self, message: Message, path: str) -> None:
        role = message.role
        if message.name and role is not Role.TOOL:
            self._losses.drop(f"{path}.name")
        if not self._is_own:
            self._losses.drop_all(message.extras, f"{path}.")
        parts = self._parts(message.parts, path)
        if role is Role.SYSTEM or role is Role.DEVELOPER:
            self._add_system(message.parts, [part for _, part in parts])
        elif self._is_own:
            if parts:
                self._turns.append(Turn(MODEL if role is Role.ASSISTANT else USER, parts))
                self._turns[-1].extras = message.extras
        elif role is Role.ASSISTANT:
            self._extend(MODEL, parts)
        else:
            self._extend(USER, [part for part in parts if part[0] != NO_ANSWER], is_answers=True)
            self._extend(USER, [part for part in parts if part[0] == NO_ANSWER])

    def _add_system(self, parts: Sequence[Part], encoded: list[object]) -> None:
        """Later instructions become part of what the user says, so that order is kept."""
        if not self._turns:
            self.system += encoded
            return
        texts = [part.text for part in parts if isinstance(part, Text) and part.text]
        self._extend(USER, [(NO_ANSWER, {"text": f"<system>\n{text}\n</system>"}) for text in texts])

    def _extend(self, role: str, parts: list[tuple[int, object]], *, is_answers: bool = False) -> None:
        if not parts:
            return
        last = self._turns[-1] if self._turns else None
        if last is not None and last.role == role and last.is_answers == is_answers:
            last.parts += parts
        else:
            self._turns.append(Turn(role, parts, is_answers=is_answers))

    def _parts(self, parts: Sequence[Part], path: str) -> list[tuple[int, object]]:
        encoded: list[tuple[int, object]] = []
        has_calls = False
        for index, part in enumerate(parts):
            where = f"{path}.content[{index}]"
            if isinstance(part, ToolResult):
                encoded.append((self._places.get(part.call_id, 0), self._result(part, where)))
            elif isinstance(part, ToolCall):
                encoded.append((NO_ANSWER, self._call(part, is_first=not has_calls)))
                has_calls = True
            else:
                said = self._said(part, where)
                if said is not None:
                    encoded.append((NO_ANSWER, said))
        return encoded

    def _said(self, part: Part, where: str) -> object:
        """None: nothing. Thoughts of other models mean nothing to this one, and empty text the API refuses."""
        if isinstance(part, Thought):
            return encode_own_thought(part) if part.api == API else None
        if isinstance(part, Text) and not part.text and not self._is_own:
            return None
        encoded = encode_part(part, is_own=self._is_own)
        if encoded is None:
            self._losses.drop(where)
        elif isinstance(part, Image):
            if part.detail == "low":
                self._losses.drop(f"{where}.detail")
            if not self._is_own:
                self._losses.drop_all(part.extras, f"{where}.")
        return encoded

    def _call(self, call: ToolCall, *, is_first: bool) -> Json:
        """Of calls made at once, only the first is signed."""
        self._names[call.id] = call.name
        self._places[call.id] = len(self._places)
        encoded = encode_call(call, is_own=self._is_own)
        if is_first and not call.signature and not self._traits.takes_unsigned_calls:
            encoded[SIGNATURE] = EXCUSE
        return encoded

    def _result(self, result: ToolResult, where: str) -> Json:
        name = result.name or self._names.get(result.call_id) or result.call_id
        answer: Json = {"name": name, "response": _response(result)}
        if not result.call_id.startswith(MINTED):
            answer["id"] = result.call_id
        media = [
            said
            for index, part in enumerate(result.content)
            if not isinstance(part, Text) and (said := self._said(part, f"{where}.content[{index}]")) is not None
        ]
        if media:
            answer["parts"] = media
        if self._is_own:
            answer.update(result.extras)
        return {"functionResponse": answer}

    def _settle_prefill(self) -> None:
        """Of an answer that the model is to go on with: some take none."""
        turns = self._turns
        if self._is_own or not turns or turns[-1].role != MODEL or self._traits.takes_prefill:
            return
        last = turns[-1].parts[-1][1]
        if isinstance(last, dict) and "text" in last:
            turns.pop()
            self._losses.drop(message_path(self._request, len(self._request.messages) - 1))


def _content(turn: Turn) -> Json:
    parts = turn.parts
    if turn.is_answers and len(parts) > 1:
        parts = sorted(parts, key=_place)
    return {"role": turn.role, "parts": [part for _, part in parts], **turn.extras}


def _place(part: tuple[int, object]) -> int:
    return part[0]


def _response(result: ToolResult) -> object:
    """What the function gave back, if that is a JSON object; else under the name that the API has for it."""
    text = "\n".join(part.text for part in result.content if isinstance(part, Text))
    if is_object(text):
        raw = Raw(text.encode())
        return {"error": raw} if result.is_error else raw
    return {"error" if result.is_error else "output": text}
