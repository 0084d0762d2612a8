"""What some servers of this API lack is told, and not written to them."""

from typing import Any

from pytest import mark, param

from data_plane.llm.traits import UNKNOWN, without
from tests.fakes.gemini_translation import to_openai

USER: dict[str, Any] = {"role": "user", "parts": [{"text": "Hi"}]}
TOOL = {"functionDeclarations": [{"name": "f", "description": "Does"}]}
PDF = {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}}
LINK = {"fileData": {"mimeType": "image/png", "fileUri": "https://example.com/a.png"}}


def chosen(mode: str) -> dict[str, Any]:
    return {"tools": [TOOL], "toolConfig": {"functionCallingConfig": {"mode": mode}}}


@mark.parametrize(
    ("lack", "body", "lost"),
    [
        param("takes_candidates", {"generationConfig": {"candidateCount": 2}}, "candidateCount", id="candidates"),
        param("takes_tool_choice", chosen("ANY"), "tool_choice", id="a tool must be called"),
        param("takes_tool_choice", chosen("NONE"), "tool_choice", id="none may be called"),
        param("takes_tool_choice", chosen("AUTO"), "", id="the model decides"),
        param("takes_files", {"contents": [{"role": "user", "parts": [PDF]}]}, "contents[0]", id="a file"),
        param("takes_links", {"contents": [{"role": "user", "parts": [LINK]}]}, "contents[0]", id="a link"),
        param("takes_logprobs", {"generationConfig": {"responseLogprobs": True}}, "responseLogprobs", id="logprobs"),
    ],
)
def test_what_a_server_lacks_is_told(lack: str, body: dict[str, Any], lost: str) -> None:
    request = {"contents": [USER], **body}
    _, kept = to_openai(request)
    encoded, told = to_openai(request, without(UNKNOWN, [lack]))

    assert kept == []
    assert any(lost in each for each in told) if lost else told == []
    assert not {"n", "tool_choice", "logprobs"} & set(encoded)
