"""Turns of Gemini's own clients, whose conversations began elsewhere."""

import json

from pytest import mark

from data_plane.codecs.table import CODECS
from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes.codec_golden import encode
from tests.fakes.gemini_translation import CALL, SIGNATURE, answered, called, model, text, user

GEMINI = CODECS["gemini"]
SIGNED = Traits(takes_unsigned_calls=False)
EXCUSE = "skip_thought_signature_validator"


@mark.parametrize(
    ("given", "traits", "signature"),
    [({}, SIGNED, EXCUSE), ({}, UNKNOWN, None), ({"thoughtSignature": SIGNATURE}, SIGNED, SIGNATURE)],
    ids=["none, where one is wanted", "none, where none is wanted", "its own"],
)
def test_a_call_of_another_model_is_excused(given: dict[str, str], traits: Traits, signature: str | None) -> None:
    contents = [user(text("Hi")), model({**called("f", {}, "c"), **given}), user(answered("f", {}, "c"))]
    request = GEMINI.decode_request(json.dumps({"contents": contents}).encode(), CALL)

    encoded, lost = encode(GEMINI, request, traits)

    assert encoded["contents"][1]["parts"][0].get("thoughtSignature") == signature
    assert lost == []
