"""Opaque state of one provider inside a field of another API, whose clients hand it back unread.

A client of Anthropic's API sends a thought's `signature` back as it came. Where the thought is another API's, the field
carries what that API wants back, and which API it was.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from data_plane.llm.content import Thought

PREFIX = "isthmus1."
MARK = PREFIX.encode()
WRAPPED = urlsafe_b64encode(MARK)  # as signatures of Gemini are written; whole, for want of a remainder
# A thought that no provider has signed: only those are, whose API knows no signatures.
UNSIGNED = (b'"signature":""', b'"signature": ""')

_encode = msgspec.json.Encoder().encode
_decode_thought = msgspec.json.Decoder(tuple[str, str, str, str, bool]).decode
_decode_call = msgspec.json.Decoder(tuple[str, str]).decode


def seal_thought(thought: Thought) -> str:
    """All of a thought but its text."""
    return _seal([thought.api, thought.signature, thought.sealed, thought.id, thought.is_summary])


def unseal_thought(sealed: str, text: str = "") -> Thought | None:
    """The thought with this text; None: it is no state of another API."""
    data = _unseal(sealed)
    if data is None:
        return None
    try:
        api, signature, replaced, id, is_summary = _decode_thought(data)
    except msgspec.DecodeError:
        return None
    return Thought(text, api, signature, replaced, id, is_summary)


def seal_call(id: str, signature: str) -> str:
    """The signature of the call of a tool with this id."""
    return _seal([id, signature])


def unseal_call(sealed: str) -> tuple[str, str] | None:
    """Id and signature of the call; None: it is no such thing."""
    data = _unseal(sealed)
    if data is None:
        return None
    try:
        return _decode_call(data)
    except msgspec.DecodeError:
        return None


def may_have_foreign_state(wire: str, body: bytes) -> bool:
    """Whether a body has to go through its codec even to a provider of the same API, which would refuse such state."""
    if MARK in body or (wire == "anthropic-messages" and any(each in body for each in UNSIGNED)):
        return True
    return wire == "gemini" and WRAPPED in body


def _seal(state: list[object]) -> str:
    return PREFIX + urlsafe_b64encode(_encode(state)).decode()


def _unseal(sealed: str) -> bytes | None:
    if not sealed.startswith(PREFIX):
        return None
    try:
        return urlsafe_b64decode(sealed[len(PREFIX) :])
    except ValueError:
        return None
