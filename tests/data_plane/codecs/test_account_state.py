"""What one account has sealed goes back to that account alone."""

import json
from typing import Any

from pytest import mark

from data_plane.codecs.account_state import account_of
from data_plane.codecs.client_api import ANTHROPIC, OPENAI, Call
from data_plane.codecs.sse import EventSplitter
from data_plane.codecs.translation import Fallback, Wanted, find_translation
from data_plane.llm.traits import UNKNOWN

ONE, OTHER = account_of("acme/one"), account_of("acme/other")
CALLS = {
    "anthropic-messages": Call(ANTHROPIC, "messages", b"/messages"),
    "openai-chat": Call(OPENAI, "chat", b"/chat/completions"),
}
THOUGHT = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "Hm"}],
    "encrypted_content": "gAAA",
}
SAID = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
}
ANSWER: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "gpt-5",
    "status": "completed",
    "output": [THOUGHT, SAID],
    "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
}


def turn_of(client: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The assistant's turn, as a client puts an answer into its next request."""
    if client == "openai-chat":
        message: dict[str, Any] = answer["choices"][0]["message"]
        return message
    return {"role": "assistant", "content": answer["content"]}


def stream_of(answer: dict[str, Any]) -> bytes:
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**answer, "output": [], "status": "in_progress"}}
    ]
    for index, item in enumerate(answer["output"]):
        events.append({"type": "response.output_item.added", "output_index": index, "item": item})
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": "response.completed", "response": answer})
    numbered = [{**each, "sequence_number": number} for number, each in enumerate(events)]
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (each["type"].encode(), json.dumps(each).encode()) for each in numbered
    )


def sent_next(client: str, turn: dict[str, Any], account: str) -> list[str]:
    """The kinds of items that a provider gets of a conversation with this turn."""
    translation = find_translation(client, "openai-responses")
    body = {
        "model": "m",
        "max_tokens": 99,
        "messages": [{"role": "user", "content": "a"}, turn, {"role": "user", "content": "b"}],
    }
    request = translation.decode(json.dumps(body).encode(), None, CALLS[client])
    encoded, _ = translation.encode(request, Wanted("m", UNKNOWN, is_lossy=True, account=account))
    return [item.get("type", "message") for item in json.loads(encoded)["input"]]


@mark.parametrize("client", CALLS)
@mark.parametrize(("account", "is_sent"), [(ONE, True), (OTHER, False)], ids=["the same account", "another"])
def test_a_thought_goes_back_to_the_account_that_has_sealed_it(client: str, account: str, is_sent: bool) -> None:
    translation = find_translation(client, "openai-responses")
    answered, _ = translation.answer(json.dumps(ANSWER).encode(), None, Fallback("i", "m", 1, account=ONE))

    kinds = sent_next(client, turn_of(client, json.loads(answered)), account)

    assert ("reasoning" in kinds) is is_sent
    assert kinds.count("message") == 3


@mark.parametrize(("account", "is_sent"), [(ONE, True), (OTHER, False)], ids=["the same account", "another"])
def test_so_does_one_that_was_streamed(account: str, is_sent: bool) -> None:
    translation = find_translation("anthropic-messages", "openai-responses")
    asked = translation.decode(
        b'{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"a"}]}',
        None,
        CALLS["anthropic-messages"],
    )
    stream = translation.stream(asked, Fallback("i", "m", 1, account=ONE), EventSplitter())
    out = stream.feed(stream_of(ANSWER)) + stream.close()
    events = [json.loads(each.partition(b"data: ")[2]) for each in out.split(b"\n\n") if b"data: " in each]
    signature = next(
        each["delta"]["signature"] for each in events if each.get("delta", {}).get("type") == "signature_delta"
    )
    turn = {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "Hm", "signature": signature}, {"type": "text", "text": "Hi"}],
    }

    assert ("reasoning" in sent_next("anthropic-messages", turn, account)) is is_sent


def test_who_the_account_is_cannot_be_read() -> None:
    assert "acme" not in ONE and ONE != OTHER and len(ONE) == 12
