"""The requests that are sent: heads as the SDKs write them, bodies of several lengths, and what comes back."""

import hashlib
import json
from collections.abc import Mapping

KEY_NAME = "tester"
API_KEY = f"isk_{KEY_NAME}_{hashlib.sha256(KEY_NAME.encode()).hexdigest()}"
AUTHORIZATION = f"Bearer {API_KEY}"
CHAT_PATH = "/v1/chat/completions"
REST_PATH = "/rest/items?page=2"
UPLOAD_PATH = "/rest/upload"
MODEL = "chat"
PACED_USER = b'"user":"paced"'
MEBIBYTE = 1024 * 1024
SENTENCE = "Summarise the attached release notes for an operator who has to decide tonight whether to upgrade. "
LENGTHS = (170, 230, 260, 300, 340, 390, 420, 470, 510, 560, 610, 680, 740, 800, 900, 1010)  # of the content, in bytes

# 7 fields with Host and Content-Length, as small clients send them; 17 as openai-python sends them.
FEW = {
    "Authorization": AUTHORIZATION,
    "Content-Type": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "OpenAI/Python 2.8.1",
    "Accept": "application/json",
}
MANY = {
    "Authorization": AUTHORIZATION,
    "Content-Type": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "OpenAI/Python 2.8.1",
    "Connection": "keep-alive",
    "X-Stainless-Lang": "python",
    "X-Stainless-Package-Version": "2.8.1",
    "X-Stainless-OS": "Linux",
    "X-Stainless-Arch": "x64",
    "X-Stainless-Runtime": "CPython",
    "X-Stainless-Runtime-Version": "3.11.7",
    "X-Stainless-Async": "async:asyncio",
    "X-Stainless-Retry-Count": "0",
    "X-Stainless-Read-Timeout": "600",
    "Accept": "application/json",
}
HEADERS: Mapping[int, Mapping[str, str]] = {7: FEW, 17: MANY}
# Stands in the place of the last field where every head is to differ; the middle is filled in.
TRACEPARENT = "traceparent: 00-{trace}-{span}-01"

ANSWER = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1764000000,
    "model": "bench",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "The quick brown fox. " * 14}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 90, "completion_tokens": 70, "total_tokens": 160},
}


def chat_body(content_bytes: int, *, stream: bool = False, paced: bool = False) -> bytes:
    """A chat request with so much content, in the order of fields and the spacing of openai-python."""
    content = (SENTENCE * (content_bytes // len(SENTENCE) + 1))[:content_bytes]
    document: dict[str, object] = {"messages": [{"role": "user", "content": content}], "model": MODEL}
    document |= {"max_tokens": 256, "temperature": 0.2}
    if stream:
        document |= {"stream": True, "stream_options": {"include_usage": True}}
    if paced:
        document |= {"user": "paced"}
    return json.dumps(document, separators=(",", ":")).encode()


def head(method: str, path: str, headers: int, body_bytes: int | None) -> str:
    """A request's head without the empty line; `headers` is the number of its fields."""
    fields = {"Host": "127.0.0.1", **HEADERS[headers]}
    if body_bytes is not None:
        fields["Content-Length"] = str(body_bytes)
    return f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())


def whole(method: str, path: str, headers: int, body: bytes | None = None) -> bytes:
    """A request with its body."""
    return head(method, path, headers, None if body is None else len(body)).encode() + b"\r\n" + (body or b"")


def halves(headers: int, body: bytes) -> tuple[bytes, bytes]:
    """A chat request without its last field but one, in two parts: a field of one's own goes between."""
    lines = head("POST", CHAT_PATH, headers, len(body)).encode().splitlines(keepends=True)
    return b"".join(lines[:-2] + lines[-1:]), b"\r\n\r\n" + body
