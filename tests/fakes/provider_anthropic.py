"""A fake of Anthropic's Messages API.

Sources: docs.anthropic.com/en/api/messages, the SDK's types, and messages of the API's errors.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from anthropic.types.message_create_params import MessageCreateParamsBase

from tests.fakes.matrix_scenario import Answer, Failure, Json
from tests.fakes.provider_stage import (
    KEY,
    PICTURES,
    Asked,
    Heard,
    Refused,
    Reply,
    Run,
    check_fields,
    pieces_of,
    require,
    sse,
)

FIELDS = frozenset(
    (
        *MessageCreateParamsBase.__annotations__,
        "stream",
        "temperature",
        "top_p",
        "top_k",
        "anthropic_version",
        "anthropic_beta",
    )
)
ID = re.compile(r"[a-zA-Z0-9_-]+")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
BLOCKS = {
    "text": {"type", "text", "cache_control", "citations"},
    "image": {"type", "source", "cache_control"},
    "document": {"type", "source", "title", "context", "citations", "cache_control"},
    "tool_use": {"type", "id", "name", "input", "cache_control", "caller"},
    "tool_result": {"type", "tool_use_id", "content", "is_error", "cache_control"},
    "thinking": {"type", "thinking", "signature"},
    "redacted_thinking": {"type", "data"},
}
OF_USER = frozenset(("text", "image", "document", "tool_result"))
OF_ASSISTANT = frozenset(("text", "tool_use", "thinking", "redacted_thinking"))
MIN_BUDGET = 1024
EFFORTS = frozenset(("low", "medium", "high", "xhigh", "max"))
STOPS = {
    "end": "end_turn",
    "sequence": "stop_sequence",
    "length": "max_tokens",
    "tool": "tool_use",
    "refusal": "refusal",
    "filter": "refusal",
}
TYPES = {
    "invalid": (400, "invalid_request_error"),
    "context": (400, "invalid_request_error"),
    "auth": (401, "authentication_error"),
    "missing": (404, "not_found_error"),
    "rate": (429, "rate_limit_error"),
    "server": (500, "api_error"),
    "overloaded": (529, "overloaded_error"),
}
CONTEXT = "prompt is too long: 210000 tokens > 200000 maximum"


class Anthropic:
    name = "anthropic"
    family = "claude"
    lacks: tuple[str, ...] = ()
    shows = frozenset(("ids", "thought", "proof", "sequence", "user"))
    stream_type = "text/event-stream; charset=utf-8"

    def serves(self, path: str) -> bool:
        return path.endswith("/messages")

    def read(self, asked: Asked) -> Heard:
        self.check_call(asked)
        body = asked.json()
        check_fields(body, FIELDS)
        require(self.is_named_by_path or body.get("model"), "model: Field required")
        limit = body.get("max_tokens")
        require(isinstance(limit, int) and limit > 0, "max_tokens: Field required")
        heard = Heard(stream=body.get("stream", False), extra=body.get("x_future"), max_tokens=limit)
        heard.caches = "cache_control" in json.dumps(body)
        self._read_system(body.get("system"), heard)
        self._read_tools(body, heard)
        self._read_options(body, heard)
        _read_messages(body.get("messages"), heard)
        return heard

    is_named_by_path = False

    def check_call(self, asked: Asked) -> None:
        if asked.headers.get("x-api-key") != KEY:
            raise Refused("invalid x-api-key", 401, "auth")
        require("anthropic-version" in asked.headers, "anthropic-version: header is required")
        if asked.path != "/v1/messages":
            raise Refused("Not Found", 404, "missing")

    def _read_system(self, system: Any, heard: Heard) -> None:
        if isinstance(system, str):
            heard.system = system
            return
        for block in system or ():
            require(block["type"] == "text" and block["text"].strip(), "system: text content blocks must be non-empty")
            heard.system += block["text"] + "\n"

    def _read_tools(self, body: Json, heard: Heard) -> None:
        known = ("type", "name", "description", "input_schema", "strict", "cache_control", "eager_input_streaming")
        for tool in body.get("tools") or ():
            check_fields(tool, known, "tools.")
            require(NAME.fullmatch(tool["name"]), "tools.name: String should match pattern")
            require(tool["input_schema"].get("type") == "object", "tools.input_schema.type: Input should be 'object'")
            heard.tools[tool["name"]] = tool["input_schema"]
            if tool.get("strict"):
                _check_closed(tool["input_schema"])
                heard.strict.add(tool["name"])
        choice = body.get("tool_choice")
        if choice is not None:
            require(heard.tools, "tool_choice may only be specified while providing tools")
            check_fields(choice, ("type", "name", "disable_parallel_tool_use"), "tool_choice.")
            words = {"auto": "auto", "any": "required", "none": "none", "tool": choice.get("name", "")}
            heard.choice = words[choice["type"]]
            if "disable_parallel_tool_use" in choice:
                heard.parallel = not choice["disable_parallel_tool_use"]

    def _read_options(self, body: Json, heard: Heard) -> None:
        heard.temperature, heard.top_p = body.get("temperature"), body.get("top_p")
        require(0 <= (heard.temperature or 0) <= 1, "temperature: range: 0..1")
        require(heard.temperature is None or heard.top_p is None, "`temperature` and `top_p` cannot both be specified")
        heard.stop = body.get("stop_sequences") or []
        require(all(each.strip() for each in heard.stop), "stop_sequences: each must contain non-whitespace")
        heard.user = (body.get("metadata") or {}).get("user_id", "")
        config = body.get("output_config") or {}
        check_fields(config, ("effort", "format"), "output_config.")
        require(config.get("effort", "low") in EFFORTS, "output_config.effort: Input should be 'low', 'medium', ...")
        if "format" in config:
            require(config["format"]["type"] == "json_schema", "output_config.format.type")
            _check_closed(config["format"]["schema"])
            heard.schema = config["format"]["schema"]
        if "-opus-5" in body.get("model", ""):
            sampling = {"temperature", "top_p", "top_k"} & set(body)
            require(not sampling, f"{sampling}: not supported by this model")
            is_budget = (body.get("thinking") or {}).get("type") == "enabled"
            require(not is_budget, "thinking.type.enabled is not supported for this model. Use thinking.type.adaptive")
        thinking = body.get("thinking") or {"type": "disabled"}
        heard.thinks = thinking["type"] != "disabled"
        if thinking["type"] == "enabled":
            require(thinking["budget_tokens"] >= MIN_BUDGET, "thinking.budget_tokens: at least 1024")
            require(thinking["budget_tokens"] < body["max_tokens"], "`max_tokens` must be greater than the budget")
        if heard.thinks:
            require(body.get("temperature", 1) == 1, "`temperature` may only be set to 1 when thinking is enabled")
            forced = (body.get("tool_choice") or {}).get("type") in ("any", "tool")
            require(not forced, "Thinking may not be enabled when tool_choice forces tool use.")
            _check_thinking_turn(body["messages"], is_needed=thinking["type"] == "enabled")

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        message = {**self._begun(run), "content": list(_content(answer, heard, run)), **_stop(answer)}
        return json.dumps(
            {**message, "usage": {**_input_usage(answer), "output_tokens": answer.tokens.output}}
        ).encode()

    def stream(self, answer: Answer, heard: Heard, run: Run) -> list[bytes]:
        usage = {**_input_usage(answer), "output_tokens": 1}
        begun = {**self._begun(run), "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
        frames = [_event("message_start", message=begun)]
        for index, block in enumerate(_content(answer, heard, run)):
            empty, deltas = _deltas(block)
            frames.append(_event("content_block_start", index=index, content_block=empty))
            frames += [_event("ping")] if index == 0 else []
            frames += [_event("content_block_delta", index=index, delta=delta) for delta in deltas]
            frames.append(_event("content_block_stop", index=index))
        if answer.breaks == "error":
            return [*frames[:-1], _event("error", error={"type": "overloaded_error", "message": "Overloaded"})]
        frames.append(_event("message_delta", delta=_stop(answer), usage={"output_tokens": answer.tokens.output}))
        return [*frames, _event("message_stop")]

    def _begun(self, run: Run) -> Json:
        return {"id": f"msg_{run.id}{run.turn}", "type": "message", "role": "assistant", "model": "claude-2026"}

    def failure(self, failure: Failure, message: str) -> Reply:
        status, kind = TYPES[failure.kind]
        headers = {"content-type": "application/json", "request-id": "req_1"}
        if failure.retry_after:
            headers["retry-after"] = str(failure.retry_after)
        error = {"type": "error", "error": {"type": kind, "message": message or CONTEXT}, "request_id": "req_1"}
        return Reply(status, headers, (json.dumps(error).encode(),))


class VertexClaude(Anthropic):
    """On Vertex AI the path names the model, and says whether it streams."""

    name = "vertex-claude"
    is_named_by_path = True
    PATH = re.compile(
        r"/v1/projects/acme/locations/[a-z0-9-]+/publishers/anthropic/models/claude-[^/:]+:(rawPredict|streamRawPredict)"
    )

    def serves(self, path: str) -> bool:
        return path.endswith(("rawPredict", "streamRawPredict"))

    def check_call(self, asked: Asked) -> None:
        found = self.PATH.fullmatch(asked.path)
        if found is None:
            raise Refused("Not Found", 404, "missing")
        body = asked.json()
        require(
            body.get("anthropic_version", "anthropic_beta") == "vertex-2023-10-16", "anthropic_version: Field required"
        )
        require("model" not in body, "model: Extra inputs are not permitted")
        require(body.get("stream", False) == (found[1] == "streamRawPredict"), "stream")
        if asked.headers.get("x-goog-api-key") != KEY:
            raise Refused("Request is missing required authentication credential.", 401, "auth")


def _read_messages(messages: Any, heard: Heard) -> None:
    require(isinstance(messages, list) and messages, "messages: at least one message is required")
    require(messages[0]["role"] == "user", "messages: first message must use the 'user' role")
    open_calls: set[str] = set()
    for place, message in enumerate(messages):
        check_fields(message, ("role", "content"), f"messages.{place}.")
        require(message["role"] in ("user", "assistant"), f"messages: Unexpected role '{message['role']}'")
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        require(blocks, f"messages.{place}: all messages must have non-empty content")
        results = {each["tool_use_id"] for each in blocks if each["type"] == "tool_result"}
        missing = f"messages.{place}: `tool_use` ids were found without `tool_result` blocks immediately after"
        require(open_calls <= results, missing)
        require(results <= open_calls, f"messages.{place}: unexpected `tool_use_id` found in `tool_result` blocks")
        kinds = [each["type"] == "tool_result" for each in blocks]
        require(kinds == sorted(kinds, reverse=True), "tool_result blocks must come first in the content")
        open_calls = {each["id"] for each in blocks if each["type"] == "tool_use"}
        require(
            set(each["type"] for each in blocks) <= (OF_USER if message["role"] == "user" else OF_ASSISTANT), "kind"
        )
        heard.turns += message["role"] == "assistant"
        texts = [text for block in blocks for text in _read_block(block, heard)]
        (heard.users if message["role"] == "user" else heard.assistants).append("".join(texts))
    last = messages[-1]
    if last["role"] == "assistant":
        require(not heard.assistants[-1][-1:].isspace(), "final assistant content cannot end with trailing whitespace")
    require(not open_calls, "`tool_use` ids were found without `tool_result` blocks")


def _read_block(block: Json, heard: Heard) -> Iterator[str]:
    check_fields(block, BLOCKS[block["type"]], f"messages.content.{block['type']}.")
    match block:
        case {"type": "text", "text": str(text)}:
            require(text.strip(), "messages: text content blocks must be non-empty")
            yield text
        case {
            "type": "image" | "document" as kind,
            "source": {"type": "base64", "media_type": str(media), "data": data},
        }:
            require(media in PICTURES if kind == "image" else media == "application/pdf", f"media_type {media}")
            heard.media.append((media, data))
        case {"type": "image" | "document" as kind, "source": {"type": "url", "url": str(url)}}:
            heard.media.append(("image/" if kind == "image" else "application/pdf", url))
        case {"type": "tool_use"}:
            require(ID.fullmatch(block["id"]), "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
            require(isinstance(block["input"], dict), "tool_use.input: Input should be a valid dictionary")
            heard.calls.append((block["id"], block["name"], block["input"]))
        case {"type": "tool_result"}:
            require(ID.fullmatch(block["tool_use_id"]), "tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'")
            content = block.get("content", "")
            inner = [{"type": "text", "text": content}] if isinstance(content, str) else content
            heard.results.append((block["tool_use_id"], "".join(each["text"] for each in inner)))
        case {"type": "thinking"}:
            require(block.get("signature"), "thinking.signature: Field required")
            heard.proofs.append(block["signature"])
        case {"type": "redacted_thinking"}:
            heard.proofs.append(block["data"])
        case _:
            raise Refused(f"messages.content: {block}")


def _check_thinking_turn(messages: Any, *, is_needed: bool) -> None:
    """A turn that goes on with results of tools begins with its thought."""
    if not is_needed or len(messages) < 2 or isinstance(messages[-1]["content"], str):
        return
    if messages[-1]["content"][0]["type"] == "tool_result":
        first = messages[-2]["content"][0]["type"]
        wanted = "Expected `thinking` or `redacted_thinking`, but found"
        require(first in ("thinking", "redacted_thinking"), f"{wanted} `{first}`. When `thinking` is enabled ...")


def _check_closed(schema: Any) -> None:
    """As structured output has it."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            require(
                schema.get("additionalProperties") is False, "For 'object' type, 'additionalProperties' must be false"
            )
        for name, each in schema.items():
            if name not in ("enum", "const", "default"):
                _check_closed(each)
    elif isinstance(schema, list):
        for each in schema:
            _check_closed(each)


def _content(answer: Answer, heard: Heard, run: Run) -> Iterator[Json]:
    if answer.thought and heard.thinks:
        yield {"type": "thinking", "thinking": answer.thought, "signature": run.prove("thought")}
    if answer.text or answer.refusal:
        yield {"type": "text", "text": answer.text or answer.refusal}
    for index, call in enumerate(answer.calls):
        id = run.call_id(index, "toolu_{n:024d}")
        yield {"type": "tool_use", "id": id, "name": call.name, "input": call.arguments}


def _deltas(block: Json) -> tuple[Json, list[Json]]:
    match block["type"]:
        case "text":
            return {**block, "text": ""}, [{"type": "text_delta", "text": each} for each in pieces_of(block["text"])]
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": each} for each in pieces_of(block["thinking"])]
            signature = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*deltas, signature]
        case _:
            text = json.dumps(block["input"]) if block["input"] else ""
            deltas = [{"type": "input_json_delta", "partial_json": each} for each in ("", *pieces_of(text))]
            return {**block, "input": {}}, deltas


def _stop(answer: Answer) -> Json:
    return {"stop_reason": STOPS[answer.stop], "stop_sequence": answer.stop_sequence or None}


def _input_usage(answer: Answer) -> Json:
    tokens = answer.tokens
    return {
        "input_tokens": tokens.input - tokens.cached,
        "cache_read_input_tokens": tokens.cached,
        "cache_creation_input_tokens": 0,
    }


def _event(kind: str, **fields: Any) -> bytes:
    return sse({"type": kind, **fields}, kind)
