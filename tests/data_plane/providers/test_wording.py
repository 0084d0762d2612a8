"""Requests in a provider's words."""

import json
from typing import Any

from msgspec import Raw
from pytest import mark, param

from data_plane.providers.surface import Asked
from data_plane.providers.wording import (
    Step,
    developer_as_system,
    each_message,
    nine_character_ids,
    raw_list,
    raw_text,
    renamed,
    short_id,
    thoughts_as,
    without,
    without_empty,
    without_false,
    worded,
)


def word(body: str, *steps: Step) -> dict[str, str]:
    fields = {name: Raw(json.dumps(value).encode()) for name, value in json.loads(body).items()}
    before = dict(fields)
    made = worded(*steps)(fields, Asked("own"))
    assert fields == before
    assert bytes(made.pop("model")) == b'"own"'
    return {name: bytes(raw).decode() for name, raw in made.items()}


def messages(*steps: Any, of: list[dict[str, Any]]) -> Any:
    made = word(json.dumps({"model": "asked", "messages": of}), each_message(*steps))
    return json.loads(made["messages"])


@mark.parametrize(
    "body, step, wanted",
    [
        param('{"a": 1, "b": 2, "c": 3}', without("a", "c", "d"), {"b": "2"}, id="without"),
        param('{"store": false}', without_false("store"), {}, id="false"),
        param('{"store": null}', without_false("store"), {}, id="null"),
        param('{"store": true}', without_false("store"), {"store": "true"}, id="what is asked for is left"),
        param("{}", without_false("store"), {}, id="not there"),
        param('{"a": [1]}', renamed({"a": "b"}), {"b": "[1]"}, id="renamed"),
        param('{"a": 1, "b": 2}', renamed({"a": "b"}), {"b": "1"}, id="both"),
        param('{"b": 2}', renamed({"a": "b"}), {"b": "2"}, id="the provider's name"),
    ],
)
def test_fields_are_renamed_and_left_out(body: str, step: Step, wanted: dict[str, str]) -> None:
    assert word(body, step) == wanted


def test_steps_follow_one_another() -> None:
    assert word('{"a": 1}', renamed({"a": "b"}), renamed({"b": "c"}), without("b")) == {"c": "1"}


def test_a_model_that_the_client_has_left_out_is_named() -> None:
    assert bytes(worded()({}, Asked('a"b'))["model"]) == b'"a\\"b"'


def test_what_developers_say_is_what_the_system_says() -> None:
    given = [{"role": "developer", "content": "a"}, {"role": "user", "content": "developer"}]

    assert messages(developer_as_system, of=given) == [{"role": "system", "content": "a"}, given[1]]


@mark.parametrize("value", [None, []])
def test_what_is_empty_in_an_answer_is_not_sent_back(value: object) -> None:
    given = [{"role": "assistant", "content": None, "refusal": value, "annotations": value}]

    assert messages(without_empty("refusal", "annotations"), of=given) == [{"role": "assistant", "content": None}]


def test_what_is_not_empty_is_left_to_the_provider() -> None:
    given = [{"role": "assistant", "refusal": "no", "annotations": [1]}]

    assert messages(without_empty("refusal", "annotations"), of=given) == given


@mark.parametrize(
    "given, wanted",
    [
        ({"reasoning_content": "hm"}, {"reasoning": "hm"}),
        ({"reasoning_content": "hm", "reasoning": "own"}, {"reasoning": "own"}),
        ({"reasoning": "own"}, {"reasoning": "own"}),
    ],
)
def test_thoughts_have_the_provider_s_name(given: dict[str, str], wanted: dict[str, str]) -> None:
    assert messages(thoughts_as("reasoning"), of=[given]) == [wanted]


def test_messages_in_which_nothing_changes_stay_as_they_were_written() -> None:
    written = Raw(b'[ {"role" : "user", "content": "\\u0061", "n": 1.0} ]')
    step = each_message(developer_as_system, nine_character_ids, thoughts_as("x"), without_empty("refusal"))

    assert worded(step)({"messages": written}, Asked("m"))["messages"] is written


@mark.parametrize("written", [b'"x"', b"[1]", b"{}", b"null", b'[{"tool_calls": 1, "tool_call_id": 2}]'])
def test_what_cannot_be_read_is_left_to_the_provider(written: bytes) -> None:
    step = each_message(developer_as_system, nine_character_ids)

    assert bytes(worded(step)({"messages": Raw(written)}, Asked("m"))["messages"]) == written


def test_without_messages_there_is_nothing_to_change() -> None:
    assert word("{}", each_message(developer_as_system)) == {}


def test_a_call_and_its_result_keep_one_id() -> None:
    calls = [{"id": id, "type": "function", "function": {"name": "f", "arguments": '{"a": 1.0}'}} for id in IDS]
    given: list[dict[str, Any]] = [{"role": "assistant", "tool_calls": calls}]
    given += [{"role": "tool", "tool_call_id": id, "content": "x"} for id in IDS]
    made = messages(nine_character_ids, of=given)
    ids = [call["id"] for call in made[0]["tool_calls"]]

    assert ids == [each["tool_call_id"] for each in made[1:]]
    assert all(len(id) == 9 and id.isascii() and id.isalnum() for id in ids)
    assert len(set(ids)) == len(IDS)
    assert made[0]["tool_calls"][0]["function"] == calls[0]["function"]


IDS = [
    "call_abc",
    "call_abd",
    "toolu_01VpEm654HvfMoRcrE3Hgdc6",
    "abcdefgh",
    "abcdefgh9",
    "abcdefgh9a",
    "abcdefgh_",
    "äbcdefghi",
    "",
]


@mark.parametrize("id, wanted", [("abcdefgh9", "abcdefgh9"), ("D681PevKs", "D681PevKs"), ("call_abc", "ZClYZGnrZ")])
def test_a_short_id_is_the_same_every_time(id: str, wanted: str) -> None:
    assert short_id(id) == wanted


def test_values_are_json() -> None:
    assert (bytes(raw_text('a"ä')), bytes(raw_list(["a", "b"]))) == ('"a\\"ä"'.encode(), b'["a","b"]')
