"""Items of OpenAI Responses that a model has written, made of parts: for answers, and for requests with them again.

Source: platform.openai.com/docs/api-reference/responses/object (2026-11).
"""

import re
from collections.abc import Sequence
from zlib import crc32

import msgspec
from msgspec import Raw

from data_plane.codecs.foreign_state import seal_call, seal_thought
from data_plane.codecs.responses_item import API, ITEM
from data_plane.llm.content import Opaque, Part, Refusal, Text, Thought, ToolCall
from data_plane.llm.response import TokenLogprob

Json = dict[str, object]

MAX_ID_CHARACTERS = 64  # the API refuses longer ones
MAX_SEED_CHARACTERS = 40  # leaves room for what an id begins and ends with
NOT_IN_ID = re.compile(r"[^a-zA-Z0-9]")
COMPLETED, IN_PROGRESS = "completed", "in_progress"
PREFIXES = {"message": "msg", "function_call": "fc", "custom_tool_call": "ctc", "reasoning": "rs"}

_object = msgspec.json.Decoder(dict[str, Raw]).decode


class Ids:
    """Makes ids of an answer's items where the provider has none: of the same answer the same, of no other."""

    __slots__ = ("_number", "_seed", "_used")

    def __init__(self, answer_id: str) -> None:
        seed = NOT_IN_ID.sub("", answer_id.rpartition("_")[2] or answer_id)
        self._seed = (
            seed if 0 < len(seed) <= MAX_SEED_CHARACTERS else f"{crc32(answer_id.encode(errors='replace')):08x}"
        )
        self._number = 0
        self._used: set[str] = set()

    def make_call(self, own: str) -> str:
        """By which results of a tool are given: the provider's, if it has one."""
        return own or f"call_{self._seed}{self._number:04d}"

    def make(self, kind: str, own: str = "") -> str:
        """`own`: the provider's, which is taken unless it was before."""
        number = self._number
        self._number += 1
        id = own if own and own not in self._used else f"{PREFIXES[kind]}_{self._seed}{number:04d}"
        self._used.add(id)
        return id


class AnswerItems:
    """Parts of one answer, written one after the other into `items`.

    With `ids` they are for a client, who hands state of other APIs back unread; without, for a provider, who could make
    nothing of it.
    """

    __slots__ = ("items", "_content", "_ids", "_is_own", "_plain", "_thought", "_thought_id")

    def __init__(self, ids: Ids | None, *, is_own: bool) -> None:
        self.items: list[object] = []
        self._ids = ids
        self._is_own = is_own
        self._content: list[object] | None = None  # of the message that is open
        self._plain: Json | None = None  # the message that is open, if it is text alone
        self._thought: Json | None = None  # the item of thoughts that is open
        self._thought_id = ""

    def add(self, part: Part) -> bool:
        """False: it has no equivalent here."""
        if isinstance(part, Text | Refusal):
            self._thought = None
            if self._ids is None and not self._is_own:
                self._add_plain(part.text)
            else:
                self._add_content(part)
            return True
        self._content = None
        self._plain = None
        if isinstance(part, Thought):
            self._add_thought(part)
            return True
        self._thought = None
        if isinstance(part, ToolCall):
            self._add_call(part)
        elif isinstance(part, Opaque) and part.api == API:
            self.items.append(part.raw)
        else:
            return False
        return True

    def _add_plain(self, text: str) -> None:
        """A message with parts is one that this API has written before, and has an id; others are text alone."""
        item = self._plain
        if item is not None:
            item["content"] = f"{item['content']}{text}"
        elif text:
            item = self._plain = {"role": "assistant", "content": text}
            self.items.append(item)

    def _add_content(self, part: Text | Refusal) -> None:
        head = part.extras.get(ITEM) if self._is_own else None
        content = self._content
        if content is None or head is not None:
            content = self._content = []
            fields: Json = {} if head is None else {**_object(head)}
            item: Json = {"type": "message", "role": "assistant", "content": content, **fields}
            self.items.append(self._finished(item))
        content.append(encode_content(part, is_own=self._is_own))

    def _add_thought(self, thought: Thought) -> None:
        is_own = thought.api == API
        if not is_own and self._ids is None:
            return
        item = self._thought
        if item is None or not is_own or thought.id != self._thought_id:
            item = {"type": "reasoning", "summary": []}
            if is_own and thought.id:
                item["id"] = thought.id
            self.items.append(self._finished(item, has_status=False))
        add_thought_text(item, thought)
        sealed = sealed_of(thought)
        if sealed:
            item["encrypted_content"] = sealed
        if is_own:
            item.update(thought.extras)
        self._thought = None if sealed or not is_own else item
        self._thought_id = thought.id

    def _add_call(self, call: ToolCall) -> None:
        ids = self._ids
        item = encode_call(call, fitting_call_id(call.id) if ids is None else ids.make_call(call.id))
        if self._is_own:
            item.update(call.extras)
        self.items.append(self._finished(item, has_status=not call.is_custom))
        if call.signature and ids is not None:
            self.items.append(self._finished(signature_item(call.id, call.signature), has_status=False))

    def _finished(self, item: Json, *, has_status: bool = True) -> Json:
        """With what a client expects of every item."""
        ids = self._ids
        if ids is not None:
            if "id" not in item:
                item["id"] = ids.make(str(item["type"]))
            if has_status:
                item.setdefault("status", COMPLETED)
        return item


def encode_content(part: Text | Refusal, *, is_own: bool) -> Json:
    """A part of a message."""
    extras: Json = {name: raw for name, raw in part.extras.items() if name != ITEM} if is_own else {}
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text, **extras}
    citations: object = part.citations if is_own and part.citations is not None else []
    return {"type": "output_text", "text": part.text, "annotations": citations, **extras}


def encode_call(call: ToolCall, call_id: str) -> Json:
    """A call of a tool, without what only answers have."""
    if call.is_custom:
        return {"type": "custom_tool_call", "call_id": call_id, "name": call.name, "input": call.arguments}
    return {"type": "function_call", "call_id": call_id, "name": call.name, "arguments": call.arguments}


def add_thought_text(item: Json, thought: Thought) -> None:
    """An item says apart what is thought and what sums it up."""
    if not thought.text:
        return
    name, kind = ("summary", "summary_text") if thought.is_summary else ("content", "reasoning_text")
    texts = item.get(name)
    entry: Json = {"type": kind, "text": thought.text}
    if isinstance(texts, list):
        texts.append(entry)
    else:
        item[name] = [entry]


def sealed_of(thought: Thought) -> str:
    """What stands in `encrypted_content`: of another API, all that it wants back, and which it is."""
    if thought.api == API:
        return thought.sealed
    return seal_thought(thought) if thought.api else ""


def signature_item(id: str, signature: str) -> Json:
    """State that goes back with a call, for which a call has no field."""
    return {"type": "reasoning", "summary": [], "encrypted_content": seal_call(id, signature)}


def fitting_call_id(id: str) -> str:
    """As it is, if the API takes it; else one that is always made of the same, and of no other."""
    if len(id) <= MAX_ID_CHARACTERS:
        return id
    return f"{id[: MAX_ID_CHARACTERS - 9]}_{crc32(id.encode(errors='replace')):08x}"


def encode_logprobs(tokens: Sequence[TokenLogprob], *, is_whole: bool) -> list[Json]:
    """`is_whole`: with bytes, as parts have them and deltas do not."""
    return [
        {**_encode_logprob(token, is_whole), "top_logprobs": [_encode_logprob(each, is_whole) for each in token.top]}
        for token in tokens
    ]


def _encode_logprob(token: TokenLogprob, is_whole: bool) -> Json:
    encoded: Json = {"token": token.token, "logprob": token.logprob}
    if is_whole:
        encoded["bytes"] = list(token.token.encode(errors="replace")) if token.utf8 is None else token.utf8
    return encoded
