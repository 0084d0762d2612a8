"""The turns of a conversation as Gemini wants them: the system prompt apart, the answers of functions together right
after their calls and in their order, and what one side says in one piece.

Source: ai.google.dev/gemini-api/docs/function-calling, "Thought signatures" (2026-11).
"""

from collections.abc import Sequence

from msgspec import Raw

from data_plane.codecs.gemini_fields import API
from data_plane.codecs.gemini_history import is_object
from data_plane.codecs.gemini_part import MINTED, SIGNATURE
from data_plane.codecs.gemini_part_encode import Json, encode_own_thought, encode_part
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
# The documented word for a call that another model made, where the API insists on a signature.
EXCUSE = "skip_thought_signature_validator"


class Turn:
    """`answers`: of functions, and nothing else. Each part has its place among those of its turn."""

    __slots__ = ("role", "is_answers", "parts", "extras")

    def __init__(self, role: str, *, is_answers: bool = False) -> None:
        self.role = role
        self.is_answers = is_answers
        self.parts: list[tuple[int, Json]] = []
        self.extras: dict[str, Raw] = {}


class TurnEncoder:
    """Of one request."""

    __slots__ = ("system", "_request", "_turns", "_is_own", "_traits", "_losses", "_names", "_places")

    def __init__(self, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
        self.system: list[Json] = []
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
            self._turns.append(Turn(USER))
            self._turns[0].parts = [(0, part) for part in self.system]
            self.system = []
        self._settle_prefill()
        return [_content(turn) for turn in self._turns]

    def _add(self, message: Message, path: str) -> None:
        role = message.role
        if message.name and role is not Role.TOOL:
            self._losses.drop(f"{path}.name")
        if role in (Role.SYSTEM, Role.DEVELOPER):
            self._add_system(message.parts, path)
        elif role is Role.ASSISTANT:
            self._extend(MODEL, self._answer_of(message.parts, path), message.extras)
        elif self._is_own:
            parts = [(0, part) for each in message.parts for part in self._said([each], path)]
            self._extend(USER, parts, message.extras)
        else:
            results = [part for part in message.parts if isinstance(part, ToolResult)]
            self._extend(USER, [self._result(part, path) for part in results], message.extras, is_answers=True)
            others = [part for part in message.parts if not isinstance(part, ToolResult)]
            self._extend(USER, [(0, part) for part in self._said(others, path)], message.extras)

    def _add_system(self, parts: Sequence[Part], path: str) -> None:
        """Later instructions become part of what the user says, so that order is kept."""
        encoded = self._said(parts, path)
        if not self._turns:
            self.system += encoded
            return
        texts = [str(part["text"]) for part in encoded if "text" in part]
        self._extend(USER, [(0, {"text": f"<system>\n{text}\n</system>"}) for text in texts], {})

    def _extend(
        self, role: str, parts: list[tuple[int, Json]], extras: dict[str, Raw], *, is_answers: bool = False
    ) -> None:
        if not parts:
            return
        last = self._turns[-1] if self._turns else None
        if self._is_own or last is None or last.role != role or last.is_answers != is_answers:
            last = Turn(role, is_answers=is_answers)
            self._turns.append(last)
            if self._is_own:
                last.extras = extras
        last.parts += parts

    def _answer_of(self, parts: Sequence[Part], path: str) -> list[tuple[int, Json]]:
        """What the model said before. Thoughts of other models mean nothing to it."""
        encoded: list[tuple[int, Json]] = []
        for part in parts:
            if isinstance(part, Thought):
                if part.api == API:
                    encoded.append((0, encode_own_thought(part)))
                continue
            said = self._said([part], path)
            if isinstance(part, ToolCall):
                self._names[part.id] = part.name
                self._places[part.id] = len(self._places)
                if not part.signature and not self._is_own and not self._has_calls(encoded):
                    self._excuse(said)
            encoded += [(0, each) for each in said]
        return encoded

    def _has_calls(self, encoded: list[tuple[int, Json]]) -> bool:
        """Of calls made at once, only the first is signed."""
        return any("functionCall" in part for _, part in encoded)

    def _excuse(self, encoded: list[Json]) -> None:
        if not self._traits.takes_unsigned_calls:
            for part in encoded:
                part[SIGNATURE] = EXCUSE

    def _said(self, parts: Sequence[Part], path: str) -> list[Json]:
        encoded: list[Json] = []
        for index, part in enumerate(parts):
            if isinstance(part, Text) and not part.text and not self._is_own:
                continue  # the API refuses it
            if isinstance(part, ToolResult):
                encoded.append(self._result(part, path)[1])
                continue
            each = encode_part(part, is_own=self._is_own)
            if each is None:
                self._losses.drop(f"{path}.content[{index}]")
                continue
            encoded.append(each)
            if isinstance(part, Image) and part.detail == "low":
                self._losses.drop(f"{path}.content[{index}].detail")
        return encoded

    def _result(self, result: ToolResult, path: str) -> tuple[int, Json]:
        """An answer of a function, and its place among the answers."""
        name = result.name or self._names.get(result.call_id) or result.call_id
        answer: Json = {"name": name, "response": _response(result)}
        if not result.call_id.startswith(MINTED):
            answer["id"] = result.call_id
        media: list[Json] = []
        for index, part in enumerate(result.content):
            if isinstance(part, Text):
                continue
            each = encode_part(part, is_own=self._is_own)
            if each is None:
                self._losses.drop(f"{path}.content[{index}]")
            else:
                media.append(each)
        if media:
            answer["parts"] = media
        if self._is_own:
            answer.update(result.extras)
        return self._places.get(result.call_id, 0), {"functionResponse": answer}

    def _settle_prefill(self) -> None:
        """Of an answer that the model is to go on with: some take none."""
        turns = self._turns
        if self._is_own or not turns or turns[-1].role != MODEL or self._traits.takes_prefill:
            return
        if "text" in turns[-1].parts[-1][1]:
            turns.pop()
            self._losses.drop(message_path(self._request, len(self._request.messages) - 1))


def _content(turn: Turn) -> Json:
    parts = turn.parts
    if turn.is_answers and len(parts) > 1:
        parts = sorted(parts, key=_place)
    return {"role": turn.role, "parts": [part for _, part in parts], **turn.extras}


def _place(part: tuple[int, Json]) -> int:
    return part[0]


def _response(result: ToolResult) -> object:
    """What the function gave back, if that is a JSON object; else under the name that the API has for it."""
    text = "\n".join(part.text for part in result.content if isinstance(part, Text))
    if is_object(text):
        raw = Raw(text.encode())
        return {"error": raw} if result.is_error else raw
    return {"error" if result.is_error else "output": text}
