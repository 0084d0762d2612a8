"""A fake of Cohere's chat, v2. Sources: docs.cohere.com/reference/chat, the SDK's types, messages of its errors."""

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.matrix_scenario import Answer, Failure, Json
from tests.fakes.provider_stage import (
    KEY,
    NAME,
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

FIELDS = (
    *("model", "messages", "stream", "tools", "strict_tools", "documents", "citation_options", "response_format"),
    *("safety_mode", "max_tokens", "stop_sequences", "temperature", "seed", "frequency_penalty", "presence_penalty"),
    *("k", "p", "logprobs", "tool_choice", "thinking", "priority", "return_prompt"),
)
ROLES = {
    "system": ("role", "content"),
    "user": ("role", "content"),
    "assistant": ("role", "content", "tool_calls", "tool_plan", "citations"),
    "tool": ("role", "content", "tool_call_id"),
}
STOPS = {
    "end": "COMPLETE",
    "sequence": "STOP_SEQUENCE",
    "length": "MAX_TOKENS",
    "tool": "TOOL_CALL",
}
CONTEXT = "too many tokens: size limit exceeded by 11326 tokens. Try using shorter or fewer inputs"


class CohereChat:
    """Thinks, and has no signatures. What it plans before calls is a thought too."""

    name = "cohere"
    family = "cohere"
    shows = frozenset(("ids", "thought", "logprobs"))
    lacks: tuple[str, ...] = ("content filter", "refusal")
    stream_type = "text/event-stream"

    def serves(self, path: str) -> bool:
        return path.endswith("/v2/chat")

    def read(self, asked: Asked) -> Heard:
        check_key(asked)
        body = asked.json()
        check_fields(body, FIELDS)
        require(body.get("model"), "invalid request: model is required")
        heard = Heard(stream=body.get("stream", False), extra=body.get("x_future"))
        _read_messages(body.get("messages"), heard)
        _read_tools(body, heard)
        _read_options(body, heard)
        return heard

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        message: Json = {"role": "assistant"}
        blocks = list(_blocks(answer, heard))
        if answer.calls:
            message |= {"tool_calls": _calls(answer, run)}
            if answer.thought and heard.thinks:
                message["tool_plan"] = answer.thought
        if blocks:
            message["content"] = blocks
        body: Json = {
            "id": f"c-{run.id}",
            "finish_reason": STOPS[answer.stop],
            "message": message,
            "usage": _usage(answer),
        }
        if heard.logprobs:
            body["logprobs"] = [{"text": answer.text, "token_ids": [1], "logprobs": [-0.5]}]
        return json.dumps(body).encode()

    def stream(self, answer: Answer, heard: Heard, run: Run) -> list[bytes]:
        empty: Json = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        frames = [_event("message-start", id=f"c-{run.id}", delta={"message": empty})]
        if answer.calls and answer.thought and heard.thinks:
            plans = pieces_of(answer.thought)
            frames += [_event("tool-plan-delta", delta={"message": {"tool_plan": each}}) for each in plans]
        for index, block in enumerate(_blocks(answer, heard)):
            kind = block["type"]
            start = {"message": {"content": {**block, kind: ""}}}
            frames.append(_event("content-start", index=index, delta=start))
            for each in pieces_of(block[kind]):
                more = {"logprobs": {"text": each, "token_ids": [1], "logprobs": [-0.5]}} if heard.logprobs else {}
                delta = {"message": {"content": {kind: each}}}
                frames.append(_event("content-delta", index=index, delta=delta, **more))
            frames.append(_event("content-end", index=index))
        for index, call in enumerate(_calls(answer, run)):
            frames += list(_call_events(index, call))
        if answer.breaks == "error":
            failed = {"finish_reason": "ERROR", "error": "internal server error", "usage": None}
            return [*frames[:-1], _event("message-end", id=f"c-{run.id}", delta=failed)]
        ended = {"finish_reason": STOPS[answer.stop], "usage": _usage(answer)}
        return [*frames, _event("message-end", id=f"c-{run.id}", delta=ended)]

    def failure(self, failure: Failure, message: str) -> Reply:
        headers = {"content-type": "application/json"}
        if failure.retry_after:
            headers["retry-after"] = str(failure.retry_after)
        body = {"id": "e-1", "message": message or CONTEXT}
        return Reply(failure.status, headers, (json.dumps(body).encode(),))


def check_key(asked: Asked) -> None:
    if asked.headers.get("authorization") != f"Bearer {KEY}":
        raise Refused("invalid api token", 401, "auth")


def _read_messages(messages: Any, heard: Heard) -> None:
    require(messages, "invalid request: messages must not be empty")
    open_calls: set[str] = set()
    previous = ""
    for message in messages:
        role = message["role"]
        require(role in ROLES, f"invalid role '{role}'")
        check_fields(message, ROLES[role], f"{role} message: ")
        if role == "tool":
            require(message["tool_call_id"] in open_calls, f"tool call id {message['tool_call_id']} is unknown")
            open_calls.discard(message["tool_call_id"])
            heard.results.append((message["tool_call_id"], "".join(_texts(message["content"], heard))))
            previous = role
            continue
        require(not open_calls, f"tool calls without results: {open_calls}")
        text = "".join(_texts(message.get("content") or "", heard))
        if role == "system":
            heard.system += text + "\n"
        elif role == "user":
            require(text, "user message: content is empty")
            heard.users.append(text)
        else:
            require(text or message.get("tool_calls"), "assistant message: content or tool_calls is required")
            heard.turns += previous != "assistant"
            heard.assistants.append(text)
            open_calls = {_read_call(call, heard) for call in message.get("tool_calls", ())}
        previous = role
    require(not open_calls, f"tool calls without results: {open_calls}")


def _texts(content: Any, heard: Heard) -> Iterator[str]:
    if isinstance(content, str):
        yield content
        return
    for block in content:
        match block:
            case {"type": "text", "text": str(text)}:
                require(text, "text is empty")
                yield text
            case {"type": "image_url", "image_url": {"url": str(url)}}:
                head, _, data = url.removeprefix("data:").partition(";base64,")
                require(not data or head in PICTURES, f"unsupported image {head}")
                heard.media.append((head, data) if data else ("image/", url))
            case {"type": "thinking"}:
                pass
            case _:
                raise Refused(f"invalid content: {block.get('type')}")


def _read_call(call: Json, heard: Heard) -> str:
    check_fields(call, ("id", "type", "function"), "tool call: ")
    heard.calls.append((call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])))
    return str(call["id"])


def _read_tools(body: Json, heard: Heard) -> None:
    for tool in body.get("tools") or ():
        function = tool["function"]
        check_fields(function, ("name", "description", "parameters"), "tool: ")
        require(NAME.fullmatch(function["name"]), "tool: invalid name")
        require(function.get("parameters", {}).get("type") == "object", "tool: parameters must be of type object")
        heard.tools[function["name"]] = function["parameters"]
    if body.get("strict_tools"):
        heard.strict = set(heard.tools)
    choice = body.get("tool_choice")
    require(choice in (None, "REQUIRED", "NONE"), f"invalid tool_choice {choice}")
    require(choice is None or heard.tools, "tool_choice needs tools")
    heard.choice = (choice or "").lower()
    if heard.choice == "required" and len(heard.tools) == 1:
        heard.only_tool = next(iter(heard.tools))


def _read_options(body: Json, heard: Heard) -> None:
    heard.max_tokens, heard.temperature, heard.top_p = body.get("max_tokens"), body.get("temperature"), body.get("p")
    require(0.01 <= (heard.top_p or 0.5) <= 0.99, "p must be between 0.01 and 0.99")
    require((heard.temperature or 0) >= 0, "temperature must not be negative")
    heard.stop, heard.seed = body.get("stop_sequences") or [], body.get("seed")
    require(len(heard.stop) <= 5, "stop_sequences has at most 5")
    heard.logprobs = bool(body.get("logprobs"))
    thinking = body.get("thinking") or {"type": "disabled"}
    check_fields(thinking, ("type", "token_budget"), "thinking: ")
    heard.thinks = thinking["type"] == "enabled"
    output = body.get("response_format") or {}
    require(not output or not heard.tools, "response_format cannot be used with tools")
    if output.get("type") == "json_object":
        heard.schema = output.get("json_schema")
        heard.json_mode = heard.schema is None


def _blocks(answer: Answer, heard: Heard) -> Iterator[Json]:
    if answer.thought and heard.thinks and not answer.calls:
        yield {"type": "thinking", "thinking": answer.thought}
    if answer.text or answer.refusal:
        yield {"type": "text", "text": answer.text or answer.refusal}


def _calls(answer: Answer, run: Run) -> list[Json]:
    return [
        {
            "id": run.call_id(index, each.name + "_{n}"),
            "type": "function",
            "function": {"name": each.name, "arguments": json.dumps(each.arguments) if each.arguments else ""},
        }
        for index, each in enumerate(answer.calls)
    ]


def _call_events(index: int, call: Json) -> Iterator[bytes]:
    function = call["function"]
    start = {**call, "function": {**function, "arguments": ""}}
    yield _event("tool-call-start", index=index, delta={"message": {"tool_calls": start}})
    for each in pieces_of(function["arguments"]):
        delta = {"message": {"tool_calls": {"function": {"arguments": each}}}}
        yield _event("tool-call-delta", index=index, delta=delta)
    yield _event("tool-call-end", index=index)


def _usage(answer: Answer) -> Json:
    tokens = answer.tokens
    counted = {"input_tokens": tokens.input, "output_tokens": tokens.output}
    return {"billed_units": counted, "tokens": counted, "cached_tokens": tokens.cached}


def _event(kind: str, **fields: Any) -> bytes:
    return sse({"type": kind, **fields}, kind)
