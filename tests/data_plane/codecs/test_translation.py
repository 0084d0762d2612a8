"""What is noted of a translated stream, should its provider never say what it has written."""

import json

from data_plane.codecs.client_api import OPENAI, Call
from data_plane.codecs.sse import EventSplitter
from data_plane.codecs.translation import MAX_TEXT_BYTES, Fallback, StreamTranslation, find_translation
from tests.fakes.model_targets import ANTHROPIC_EVENTS, events

ASKED = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"a"}]}'


def stream() -> StreamTranslation:
    translation = find_translation("openai-chat", "anthropic-messages")
    request = translation.decode(ASKED, None, Call(OPENAI, "chat", b"/chat/completions"))
    return translation.stream(request, Fallback("i", "m", 1), EventSplitter())


def said(text: str) -> bytes:
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    return b"event: content_block_delta\ndata: " + json.dumps(delta).encode() + b"\n\n"


def test_text_is_kept_as_it_came_with_its_size_in_bytes() -> None:
    made = stream()
    made.feed(events(*ANTHROPIC_EVENTS[:2]) + said("Né") + said("東京"))

    assert ("".join(made.text), made.text_bytes) == ("Né東京", len("Né東京".encode()))


def test_of_a_long_answer_the_beginning_is_kept_and_all_of_it_measured() -> None:
    made = stream()
    made.feed(events(*ANTHROPIC_EVENTS[:2]))
    for _ in range(100):
        made.feed(said("x" * 1000))

    assert made.text_bytes == 100_000
    assert MAX_TEXT_BYTES <= len("".join(made.text)) <= MAX_TEXT_BYTES + 1000
