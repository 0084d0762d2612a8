"""A fake of OpenAI's Responses API, of what is stateless in it.

Sources: platform.openai.com/docs/api-reference/responses, the SDK's types, and messages of the API's errors.
"""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from openai.types.responses.response_create_params import ResponseCreateParamsBase

from tests.fakes.matrix_scenario import Answer, Failure, Json
from tests.fakes.provider_openai_chat import OpenAIChat
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
    check_strict,
    pieces_of,
    require,
    sse,
)

FIELDS = frozenset((*ResponseCreateParamsBase.__annotations__, "stream"))
MIN_OUTPUT_TOKENS = 16
MAX_ID = 64
SEALED = "reasoning.encrypted_content"


class OpenAIResponses:
    """With `store: false` reasoning goes back sealed, if it was asked for."""

    name = "openai-responses"
    family = "openai"
    lacks: tuple[str, ...] = ()
    shows = frozenset(("ids", "thought", "proof", "logprobs", "refusal", "reasoning", "user"))
    stream_type = "text/event-stream"

    def serves(self, path: str) -> bool:
        return path.endswith("/responses")

    def read(self, asked: Asked) -> Heard:
        self.check_call(asked)
        body = asked.json()
        check_fields(body, FIELDS)
        require(body.get("model"), "Missing required parameter: 'model'")
        heard = Heard(stream=body.get("stream", False), extra=body.get("x_future"))
        heard.system = (body.get("instructions") or "") + "\n"
        _Input(heard).read(body.get("input"))
        _read_tools(body, heard)
        _read_options(body, heard)
        self.check_model(body)
        return heard

    def check_model(self, body: Json) -> None:
        """Those that reason take no sampling."""
        if "gpt-5" in body["model"]:
            require(body.get("temperature", 1) == 1, "Unsupported parameter: 'temperature'")
        else:
            require("reasoning" not in body, "Unsupported parameter: 'reasoning.effort'")

    def check_call(self, asked: Asked) -> None:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused("Incorrect API key provided", 401, "auth")
        if asked.path != "/v1/responses":
            raise Refused(f"Invalid URL ({asked.method} {asked.path})", 404, "missing")

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        items = list(_items(answer, heard, run))
        return json.dumps(_response(answer, run, items)).encode()

    def stream(self, answer: Answer, heard: Heard, run: Run) -> list[bytes]:
        numbers = count()

        def event(kind: str, **fields: Any) -> bytes:
            return sse({"type": kind, "sequence_number": next(numbers), **fields}, kind)

        begun = _begun(run)
        frames = [event("response.created", response=begun), event("response.in_progress", response=begun)]
        items = list(_items(answer, heard, run))
        for index, item in enumerate(items):
            frames += [event(kind, output_index=index, **fields) for kind, fields in _item_events(item)]
        if answer.breaks == "error":
            code, message = "server_error", "The server had an error."
            return [*frames[:-2], event("error", code=code, message=message, param=None)]
        response = _response(answer, run, items)
        return [*frames, event("response." + response["status"], response=response)]

    def failure(self, failure: Failure, message: str) -> Reply:
        return OpenAIChat().failure(failure, message)


class _Input:
    """The items of one request."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self.open_calls: set[str] = set()
        self.is_model_turn = False
        self.needs_item = ""

    def read(self, items: Any) -> None:
        if isinstance(items, str):
            self.heard.users.append(items)
            return
        require(isinstance(items, list) and items, "Missing required parameter: 'input'")
        for place, item in enumerate(items):
            self._read(item, f"input[{place}]")
        require(not self.open_calls, f"No tool output found for function call {self.open_calls}.")
        require(not self.needs_item, f"Item '{self.needs_item}' was provided without its required following item.")

    def _read(self, item: Json, where: str) -> None:
        kind = item.get("type", "message")
        if kind == "function_call_output":
            check_fields(item, ("type", "id", "call_id", "output", "status"), f"{where}.")
            require(item["call_id"] in self.open_calls, f"No tool call found for {item['call_id']}")
            self.open_calls.discard(item["call_id"])
            self.heard.results.append((item["call_id"], _text(item["output"])))
            self.is_model_turn = False
            return
        role = item.get("role", "assistant")
        if role != "assistant":
            require(not self.open_calls, f"No tool output found for function call {self.open_calls}.")
        elif not self.is_model_turn:
            self.heard.turns += 1
        self.is_model_turn = role == "assistant"
        readers = {"message": self._message, "function_call": self._call, "reasoning": self._reasoning}
        require(kind in readers, f"Invalid value: '{kind}' of {where}.type")
        readers[kind](item, where)

    def _message(self, item: Json, where: str) -> None:
        check_fields(item, ("type", "id", "role", "content", "status", "phase"), f"{where}.")
        role, content = item["role"], item["content"]
        require(role in ("user", "assistant", "system", "developer"), f"Invalid value: '{role}'")
        if role == "assistant":
            self.needs_item = ""
            self.heard.assistants.append(_text(content))
        elif role == "user":
            require(content, f"{where}.content is empty")
            self.heard.users.append("".join(self._parts(content, where)))
        else:
            self.heard.system += _text(content) + "\n"

    def _parts(self, content: Any, where: str) -> Iterator[str]:
        if isinstance(content, str):
            yield content
            return
        for part in content:
            match part:
                case {"type": "input_text", "text": str(text)}:
                    yield text
                case {"type": "input_image", "image_url": str(url)}:
                    media = _media(url, "image/")
                    require(not url.startswith("data:") or media[0] in PICTURES, "unsupported image")
                    self.heard.media.append(media)
                case {"type": "input_file", "file_data": str(url), "filename": str(_)}:
                    self.heard.media.append(_media(url, ""))
                case {"type": "input_file", "file_url": str(url)}:
                    self.heard.media.append(("application/pdf", url))
                case _:
                    raise Refused(f"Invalid value: '{part.get('type')}' of {where}.content")

    def _call(self, item: Json, where: str) -> None:
        check_fields(item, ("type", "id", "call_id", "name", "arguments", "status"), f"{where}.")
        id = item["call_id"]
        require(id and len(id) <= MAX_ID, f"Invalid '{where}.call_id': string too long, at most {MAX_ID}")
        require(item.get("id", "fc_").startswith("fc_"), f"Invalid '{where}.id': Expected an ID that begins with 'fc'.")
        require(NAME.fullmatch(item["name"]), f"Invalid '{where}.name'")
        self.heard.calls.append((id, item["name"], json.loads(item["arguments"])))
        self.open_calls.add(id)
        self.needs_item = ""

    def _reasoning(self, item: Json, where: str) -> None:
        check_fields(item, ("type", "id", "summary", "content", "encrypted_content", "status"), f"{where}.")
        require("summary" in item, f"Missing required parameter: '{where}.summary'")
        require(item.get("encrypted_content"), f"Item with id '{item.get('id')}' not found. Items are not persisted.")
        require(item.get("id", "rs_").startswith("rs_"), f"Invalid '{where}.id': Expected an ID that begins with 'rs'.")
        self.heard.proofs.append(item["encrypted_content"])
        self.needs_item = item.get("id", "reasoning")


def _read_tools(body: Json, heard: Heard) -> None:
    for tool in body.get("tools") or ():
        check_fields(tool, ("type", "name", "description", "parameters", "strict"), "tools.")
        require(tool["type"] == "function" and NAME.fullmatch(tool["name"]), "Invalid 'tools.name'")
        require("parameters" in tool and "strict" in tool, "Missing required parameter of a tool")
        heard.tools[tool["name"]] = tool["parameters"]
        if tool["strict"]:
            check_strict(tool["parameters"], "tools.parameters")
            heard.strict.add(tool["name"])
    choice = body.get("tool_choice")
    if choice is not None:
        require(heard.tools or choice in ("auto", "none"), "'tool_choice' is only allowed when 'tools' are specified")
        heard.choice = choice if isinstance(choice, str) else choice["name"]
        require(heard.choice in ("auto", "none", "required", *heard.tools), "Tool choice not found in 'tools'")
    heard.parallel = body.get("parallel_tool_calls")


def _read_options(body: Json, heard: Heard) -> None:
    heard.max_tokens = body.get("max_output_tokens")
    least = MIN_OUTPUT_TOKENS if heard.max_tokens is None else heard.max_tokens
    require(least >= MIN_OUTPUT_TOKENS, "Invalid 'max_output_tokens': integer below minimum value, at least 16")
    heard.temperature, heard.top_p = body.get("temperature"), body.get("top_p")
    require(0 <= (heard.temperature or 0) <= 2, "'temperature' must be between 0 and 2")
    heard.user = body.get("user") or body.get("safety_identifier") or ""
    reasoning = body.get("reasoning") or {}
    heard.thinks = reasoning.get("effort") not in (None, "none")
    include = body.get("include") or ()
    heard.logprobs = "message.output_text.logprobs" in include
    heard.wants_proofs = SEALED in include or body.get("store") is not False
    heard.wants_summary = bool(reasoning.get("summary"))
    output = (body.get("text") or {}).get("format") or {}
    if output.get("type") == "json_object":
        heard.json_mode = True
        require("json" in json.dumps(body["input"]).lower(), "'input' must contain the word 'json'")
    elif output.get("type") == "json_schema":
        require(NAME.fullmatch(output.get("name", "")), "Missing required parameter: 'text.format.name'")
        if output.get("strict"):
            check_strict(output["schema"], "text.format")
        heard.schema = output["schema"]


def _items(answer: Answer, heard: Heard, run: Run) -> Iterator[Json]:
    stamp = f"{run.id}{run.turn}"
    if answer.thought and heard.thinks:
        summary = [{"type": "summary_text", "text": answer.thought}] if heard.wants_summary else []
        item = {"id": f"rs_{stamp}", "type": "reasoning", "summary": summary}
        yield {**item, "encrypted_content": run.prove("reasoning")} if heard.wants_proofs else item
    content = []
    if answer.text:
        logprobs = [{"token": answer.text, "logprob": -0.5, "bytes": [*answer.text.encode()], "top_logprobs": []}]
        part = {"type": "output_text", "text": answer.text, "annotations": []}
        content.append({**part, "logprobs": logprobs if heard.logprobs else []})
    if answer.refusal:
        content.append({"type": "refusal", "refusal": answer.refusal})
    if content:
        status = "incomplete" if answer.stop in ("length", "filter") else "completed"
        yield {"id": f"msg_{stamp}", "type": "message", "role": "assistant", "status": status, "content": content}
    for index, call in enumerate(answer.calls):
        yield {
            "id": f"fc_{stamp}{index}",
            "type": "function_call",
            "status": "completed",
            "call_id": run.call_id(index, "call_{n:024d}"),
            "name": call.name,
            "arguments": json.dumps(call.arguments),
        }


def _item_events(item: Json) -> Iterator[tuple[str, Json]]:
    """Of one item, without the numbers."""
    id = item["id"]
    match item["type"]:
        case "message":
            yield "response.output_item.added", {"item": {**item, "status": "in_progress", "content": []}}
            for index, part in enumerate(item["content"]):
                yield from _part_events(part, {"item_id": id, "content_index": index})
        case "function_call":
            yield "response.output_item.added", {"item": {**item, "status": "in_progress", "arguments": ""}}
            for each in pieces_of(item["arguments"]):
                yield "response.function_call_arguments.delta", {"item_id": id, "delta": each}
            ended = {"item_id": id, "arguments": item["arguments"], "name": item["name"]}
            yield "response.function_call_arguments.done", ended
        case _:
            yield "response.output_item.added", {"item": {"id": id, "type": "reasoning", "summary": []}}
            for index, part in enumerate(item["summary"]):
                where = {"item_id": id, "summary_index": index}
                yield "response.reasoning_summary_part.added", {**where, "part": {**part, "text": ""}}
                for each in pieces_of(part["text"]):
                    yield "response.reasoning_summary_text.delta", {**where, "delta": each}
                yield "response.reasoning_summary_text.done", {**where, "text": part["text"]}
                yield "response.reasoning_summary_part.done", {**where, "part": part}
    yield "response.output_item.done", {"item": item}


def _part_events(part: Json, where: Json) -> Iterator[tuple[str, Json]]:
    field = "text" if part["type"] == "output_text" else "refusal"
    name = f"response.{part['type']}"
    more = {"logprobs": part["logprobs"]} if field == "text" else {}
    empty: Json = {"logprobs": []} if field == "text" else {}
    yield "response.content_part.added", {**where, "part": {**part, field: "", **empty}}
    for index, each in enumerate(pieces_of(part[field])):
        yield f"{name}.delta", {**where, "delta": each, **(more if index == 0 else empty)}
    yield f"{name}.done", {**where, field: part[field], **more}
    yield "response.content_part.done", {**where, "part": part}


def _begun(run: Run) -> Json:
    return {
        "id": f"resp_{run.id}{run.turn}",
        "object": "response",
        "created_at": 1764000000,
        "status": "in_progress",
        "model": "the-model-2026",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def _response(answer: Answer, run: Run, items: list[Json]) -> Json:
    tokens = answer.tokens
    reasons = {"length": "max_output_tokens", "filter": "content_filter"}
    reason = reasons.get(answer.stop)
    return {
        **_begun(run),
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "error": None,
        "output": items,
        "usage": {
            "input_tokens": tokens.input,
            "input_tokens_details": {"cached_tokens": tokens.cached},
            "output_tokens": tokens.output,
            "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
            "total_tokens": tokens.input + tokens.output,
        },
    }


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", part.get("refusal", "")) for part in content)


def _media(url: str, kind: str) -> tuple[str, str]:
    if not url.startswith("data:"):
        return kind, url
    head, _, data = url[5:].partition(";base64,")
    return head, data
