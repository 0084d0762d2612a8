"""Messages of OpenAI's chat, for Bedrock's Converse."""

from typing import Any

from pytest import mark

from data_plane.codecs.bedrock_encode import path_of
from data_plane.codecs.table import CODECS
from data_plane.llm.loss import Losses
from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes.bedrock_golden import (
    ADAPTIVE,
    ALL_MODELS,
    BEDROCK,
    BUDGET,
    CLAUDE,
    HI,
    NO_SCHEMA,
    NOVA,
    OPENAI,
    PNG,
    PROFILE,
    TOOL,
    USER,
    answers,
    call,
    document,
    file,
    from_openai,
    image,
    result,
    says,
    text,
    use,
)
from tests.fakes.bedrock_rules import assert_accepted
from tests.fakes.codec_golden import CALLS, cases, decode, encode

LONG_ID = "call_" + "x" * 100
SHORTENED = LONG_ID[:55] + "_d2fa1e48"
# Messages of OpenAI; system blocks, turns, and what is lost.
TURNS: dict[str, tuple[list[Any], list[Any], list[Any], list[str]]] = {
    "one turn": ([USER], [], [HI], []),
    "system and developer keep their order": (
        [{"role": "system", "content": "S"}, {"role": "developer", "content": [text("D"), text("E")]}, USER],
        [{"text": "S"}, {"text": "D"}, {"text": "E"}],
        [HI],
        [],
    ),
    "a later system turn becomes what the user says": (
        [USER, {"role": "assistant", "content": "A"}, {"role": "system", "content": "S"}, USER],
        [],
        [HI, answers({"text": "A"}), says({"text": "<system>\nS\n</system>"}, {"text": "Hi"})],
        [],
    ),
    "nothing but instructions": ([{"role": "system", "content": "S"}], [], [says({"text": "S"})], []),
    "turns in a row are merged": (
        [USER, USER, {"role": "assistant", "content": "A"}, {"role": "assistant", "content": "B"}, USER],
        [],
        [says({"text": "Hi"}, {"text": "Hi"}), answers({"text": "A"}, {"text": "B"}), HI],
        [],
    ),
    "results of parallel calls are one turn, and first in it": (
        [
            USER,
            {"role": "assistant", "content": None, "tool_calls": [call("call_1", '{"a": 1}'), call("call_2", "")]},
            {"role": "tool", "tool_call_id": "call_1", "content": "one"},
            {"role": "tool", "tool_call_id": "call_2", "content": [text("t"), text("wo")]},
            USER,
        ],
        [],
        [
            HI,
            answers(use("call_1", {"a": 1}), use("call_2")),
            says(result("call_1", {"text": "one"}), result("call_2", {"text": "t"}, {"text": "wo"}), {"text": "Hi"}),
        ],
        [],
    ),
    "a result of nothing has no content": (
        [
            USER,
            {"role": "assistant", "content": "", "tool_calls": [call("call_1")]},
            {"role": "tool", "tool_call_id": "call_1", "content": " \n"},
        ],
        [],
        [HI, answers(use("call_1")), says(result("call_1"))],
        [],
    ),
    "arguments that are no object are put into one": (
        [
            USER,
            {"role": "assistant", "content": None, "tool_calls": [call("call_1", '["a'), call("call_2", "7")]},
            {"role": "tool", "tool_call_id": "call_1", "content": "x"},
            {"role": "tool", "tool_call_id": "call_2", "content": "y"},
        ],
        [],
        [
            HI,
            answers(use("call_1", {"arguments": '["a'}), use("call_2", {"arguments": "7"})),
            says(result("call_1", {"text": "x"}), result("call_2", {"text": "y"})),
        ],
        [],
    ),
    "ids that are too long or have other letters": (
        [
            USER,
            {"role": "assistant", "content": None, "tool_calls": [call(LONG_ID), call("a b"), call("tooluse_1.2:3")]},
            {"role": "tool", "tool_call_id": LONG_ID, "content": "x"},
            {"role": "tool", "tool_call_id": "a b", "content": "y"},
            {"role": "tool", "tool_call_id": "tooluse_1.2:3", "content": "z"},
        ],
        [],
        [
            HI,
            answers(use(SHORTENED), use("a_b_806c5cd3"), use("tooluse_1.2:3")),
            says(
                result(SHORTENED, {"text": "x"}),
                result("a_b_806c5cd3", {"text": "y"}),
                result("tooluse_1.2:3", {"text": "z"}),
            ),
        ],
        [],
    ),
    "blank text is left out": (
        [USER, {"role": "assistant", "content": "  "}, {"role": "user", "content": [text("\n"), text("A")]}],
        [],
        [says({"text": "Hi"}, {"text": "A"})],
        [],
    ),
    "the assistant cannot begin": (
        [{"role": "assistant", "content": "Welcome"}, USER],
        [],
        [HI],
        ["messages[0]"],
    ),
    "an answer that was begun ends without white space": (
        [USER, {"role": "assistant", "content": "The \n"}],
        [],
        [HI, answers({"text": "The"})],
        [],
    ),
    "names are lost": ([{**USER, "name": "ann"}], [], [HI], ["messages[0].name"]),
    "refusals are text": (
        [USER, {"role": "assistant", "content": None, "refusal": "No."}, USER],
        [],
        [HI, answers({"text": "No."}), HI],
        [],
    ),
    "pictures": (
        [
            {
                "role": "user",
                "content": [
                    image(f"data:image/png;base64,{PNG}"),
                    image(f"data:image/jpg;base64,{PNG}", detail="high"),
                    image(f"data:image/webp;base64,{PNG}", detail="low"),
                    image(f"data:image/tiff;base64,{PNG}"),
                    image("https://example.com/a.png"),
                    image("s3://bucket/a.png"),
                    text("See"),
                ],
            }
        ],
        [],
        [
            says(
                {"image": {"format": "png", "source": {"bytes": PNG}}},
                {"image": {"format": "jpeg", "source": {"bytes": PNG}}},
                {"image": {"format": "webp", "source": {"bytes": PNG}}},
                {"text": "See"},
            )
        ],
        [
            "messages[0].content[2].detail",
            "messages[0].content[3]",
            "messages[0].content[4]",
            "messages[0].content[5]",
        ],
    ),
    "documents get names that are allowed, and no two the same": (
        [
            {
                "role": "user",
                "content": [
                    file("q3_report.v2.pdf"),
                    file("q3 report.v2.pdf"),
                    file("q3-report-v2.pdf"),
                    file("  "),
                    file("täglich   [1] (a).PDF"),
                    file("x" * 300 + ".pdf"),
                    text("See"),
                ],
            }
        ],
        [],
        [
            says(
                document("q3-report-v2"),
                document("q3 report-v2"),
                document("q3-report-v2 (2)"),
                document("document"),
                document("t-glich [1] (a)"),
                document("x" * 190),
                {"text": "See"},
            )
        ],
        [],
    ),
    "kinds of documents": (
        [
            {
                "role": "user",
                "content": [
                    file("a", "text/csv"),
                    file("b.md", "text/plain"),
                    file("c.txt", "text/plain"),
                    file("d.py", "text/x-python"),
                    file("e.docx", "application/octet-stream"),
                    file("f.zip", "application/zip"),
                    {"type": "file", "file": {"file_id": "file-1"}},
                    text("See"),
                ],
            }
        ],
        [],
        [
            says(
                document("a", "csv"),
                document("b", "md"),
                document("c", "txt"),
                document("d-py", "txt"),
                document("e", "docx"),
                {"text": "See"},
            )
        ],
        ["messages[0].content[5]", "messages[0].content[6]"],
    ),
    "a document alone gets text": (
        [{"role": "user", "content": [file("a.pdf")]}],
        [],
        [says(document("a"), {"text": "The document is attached."})],
        [],
    ),
    "sound": (
        [
            {
                "role": "user",
                "content": [
                    {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                    {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "midi"}},
                ],
            }
        ],
        [],
        [says({"audio": {"format": "wav", "source": {"bytes": "UklGRg=="}}})],
        ["messages[0].content[1]"],
    ),
    "thoughts of others stay away": (
        [USER, {"role": "assistant", "content": "A", "reasoning_content": "Hm"}, USER],
        [],
        [HI, answers({"text": "A"}), HI],
        [],
    ),
}


@mark.parametrize(("messages", "system", "turns", "lost"), TURNS.values(), ids=TURNS)
def test_messages_become_turns(messages: Any, system: Any, turns: Any, lost: list[str]) -> None:
    tools = [TOOL] if any("tool_calls" in each for each in messages) else []

    body, found = from_openai({"messages": messages, **({"tools": tools} if tools else {})})

    assert body["messages"] == turns
    assert body.get("system", []) == system
    assert found == lost


def test_arguments_go_as_they_were_written() -> None:
    arguments = '{"b": 1.500e0,  "a": 123456789012345678901234567890, "é": "\\u00e9"}'
    messages = [
        USER,
        {"role": "assistant", "content": None, "tool_calls": [call("call_1", arguments)]},
        {"role": "tool", "tool_call_id": "call_1", "content": "x"},
    ]
    request = decode(OPENAI, {"model": CLAUDE, "messages": messages})

    assert arguments.encode() in BEDROCK.encode_request(request, UNKNOWN, Losses())


def test_a_model_that_takes_no_beginnings_gets_none() -> None:
    messages = [USER, {"role": "assistant", "content": "The"}]

    body, lost = from_openai({"messages": messages}, Traits(takes_prefill=False))

    assert (body["messages"], lost) == ([HI], ["messages[1]"])


def test_later_instructions_stay_where_a_model_takes_them() -> None:
    messages = [USER, {"role": "developer", "content": "D"}, {"role": "assistant", "content": "A"}, USER]

    body, _ = from_openai({"messages": messages}, Traits(takes_later_system=True))

    assert body["messages"] == [HI, {"role": "system", "content": [{"text": "D"}]}, answers({"text": "A"}), HI]


@mark.parametrize("model", ALL_MODELS)
@mark.parametrize(
    "traits",
    [UNKNOWN, BUDGET, ADAPTIVE, NO_SCHEMA, Traits(takes_later_system=True, takes_prefill=False, takes_sampling=False)],
    ids=["unknown", "budget", "adaptive", "no schema", "later system"],
)
def test_what_clients_send_is_taken(model: str, traits: Traits) -> None:
    for client in CALLS:
        for case in cases(client, "requests"):
            request = decode(CODECS[client], case.values[1].read_bytes())
            if request.messages:  # else it points at what another provider has stored, and is refused
                request.model = model
                assert_accepted(encode(BEDROCK, request, traits)[0])


@mark.parametrize(
    ("model", "streams", "path"),
    [
        (CLAUDE, False, b"/model/us.anthropic.claude-opus-5-v1%3A0/converse"),
        (NOVA, True, b"/model/amazon.nova-2-lite-v1%3A0/converse-stream"),
        (
            PROFILE,
            False,
            b"/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fab12cd34/converse",
        ),
    ],
)
def test_the_path_names_the_model(model: str, streams: bool, path: bytes) -> None:
    assert path_of(model, streams=streams) == path
