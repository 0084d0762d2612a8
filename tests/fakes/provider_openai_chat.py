"""A fake of OpenAI's chat completions, and of others that speak it.

Sources: platform.openai.com/docs/api-reference/chat, the SDK's types, and messages of the API's errors.
"""

import json
from collections.abc import Iterator
from typing import Any

from openai.types.chat.completion_create_params import CompletionCreateParamsBase

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
    check_strict,
    pieces_of,
    require,
    sse,
)

FIELDS = frozenset((*CompletionCreateParamsBase.__annotations__, "stream"))
ROLES = {
    "system": {"role", "content", "name"},
    "developer": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "tool_calls", "refusal", "audio", "function_call"},
    "tool": {"role", "content", "tool_call_id"},
}
STOPS = {
    "end": "stop",
    "sequence": "stop",
    "length": "length",
    "tool": "tool_calls",
    "refusal": "stop",
    "filter": "content_filter",
}
TYPES = {
    "invalid": ("invalid_request_error", None),
    "context": ("invalid_request_error", "context_length_exceeded"),
    "auth": ("authentication_error", "invalid_api_key"),
    "missing": ("invalid_request_error", "model_not_found"),
    "rate": ("requests", "rate_limit_exceeded"),
    "server": ("server_error", None),
    "overloaded": ("server_error", None),
}
CONTEXT = "This model's maximum context length is 128000 tokens. However, your messages resulted in 200000 tokens."
MAX_ID = 40


class OpenAIChat:
    """`reasons`: the model takes `max_completion_tokens` alone, and no sampling."""

    name = "openai"
    family = "openai"
    lacks: tuple[str, ...] = ()
    shows = frozenset(("ids", "logprobs", "refusal", "candidates", "reasoning", "user"))
    stream_type = "text/event-stream"
    path = "/v1/chat/completions"
    call_form = "call_{n:024d}"
    fields = FIELDS
    call_fields: tuple[str, ...] = ("id", "type", "function")
    thought_field = ""

    def serves(self, path: str) -> bool:
        return path.endswith("/chat/completions")

    def read(self, asked: Asked) -> Heard:
        self.check_call(asked)
        body = asked.json()
        check_fields(body, self.fields)
        require(isinstance(body.get("model"), str) or self.is_named_by_path, "you must provide a model parameter")
        heard = Heard(stream=body.get("stream", False), extra=body.get("x_future"))
        self.read_messages(body.get("messages"), heard)
        self.read_tools(body, heard)
        self.read_options(body, heard)
        return heard

    is_named_by_path = False

    def check_call(self, asked: Asked) -> None:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused("Incorrect API key provided", 401, "auth")
        if asked.path != self.path:
            raise Refused(f"Invalid URL ({asked.method} {asked.path})", 404, "missing")

    def read_messages(self, messages: Any, heard: Heard) -> None:
        require(isinstance(messages, list) and messages, "[] is too short - 'messages'")
        open_calls: set[str] = set()
        previous = ""
        for place, message in enumerate(messages):
            where = f"messages[{place}]"
            role = message.get("role")
            require(role in ROLES, f"Invalid value: '{role}'. Supported values are: {', '.join(ROLES)}")
            self.check_message(message, where)
            if role == "tool":
                require(message.get("tool_call_id") in open_calls, "messages with role 'tool' must follow 'tool_calls'")
                open_calls.discard(message["tool_call_id"])
                heard.results.append((message["tool_call_id"], _text(message["content"])))
            else:
                require(not open_calls, f"An assistant message with 'tool_calls' must be answered: {open_calls}")
                open_calls = self.read_said(role, message, where, heard)
            if role == "assistant" and previous != "assistant":
                heard.turns += 1
            previous = role
        require(not open_calls, f"An assistant message with 'tool_calls' must be answered: {open_calls}")

    def check_message(self, message: Json, where: str) -> None:
        check_fields(message, ROLES[message["role"]], f"{where}.")

    def read_said(self, role: str, message: Json, where: str, heard: Heard) -> set[str]:
        """The ids of the calls, which the next messages have to answer."""
        content = message.get("content")
        if role in ("system", "developer"):
            heard.system += _text(content) + "\n"
        elif role == "user":
            require(content, f"Invalid value for 'content' of {where}: expected a string, got null")
            heard.users.append("".join(self.read_parts(content, where, heard)))
        else:
            require(content or message.get("tool_calls") or message.get("refusal"), f"{where}: content is required")
            heard.assistants.append(_text(content))
            heard.proofs += self.proofs(message)
            return {self.read_call(call, where, heard) for call in message.get("tool_calls") or ()}
        return set()

    def proofs(self, message: Json) -> list[str]:
        return []

    def read_call(self, call: Json, where: str, heard: Heard) -> str:
        check_fields(call, self.call_fields, f"{where}.tool_calls.")
        id, function = call["id"], call["function"]
        self.check_id(id, where)
        require(NAME.fullmatch(function["name"]), f"{where}: Invalid 'name' of a tool")
        require(isinstance(function["arguments"], str), f"{where}: 'arguments' is no string")
        heard.calls.append((id, function["name"], json.loads(function["arguments"])))
        return str(id)

    def check_id(self, id: str, where: str) -> None:
        require(id and len(id) <= MAX_ID, f"Invalid '{where}.tool_calls.id': string too long, at most {MAX_ID}")

    def read_parts(self, content: Any, where: str, heard: Heard) -> Iterator[str]:
        if isinstance(content, str):
            yield content
            return
        for part in content:
            match part:
                case {"type": "text", "text": str(text)}:
                    yield text
                case {"type": "image_url", "image_url": {"url": str(url)}}:
                    heard.media.append(_media(url, "image/"))
                    require(not url.startswith("data:") or heard.media[-1][0] in PICTURES, "unsupported image")
                case {"type": "file", "file": {"file_data": str(url), "filename": str(name)}}:
                    require(name, "a file needs a name")
                    heard.media.append(_media(url, "application/pdf"))
                case _:
                    raise Refused(f"Invalid value at {where}.content: {part.get('type')}")

    def read_tools(self, body: Json, heard: Heard) -> None:
        require(body.get("tools", True), "[] is too short - 'tools'")
        for tool in body.get("tools", ()):
            function = tool["function"]
            check_fields(function, ("name", "description", "parameters", "strict"), "tools.function.")
            require(NAME.fullmatch(function["name"]), "Invalid 'tools.function.name'")
            heard.tools[function["name"]] = function.get("parameters")
            if function.get("strict"):
                check_strict(function["parameters"], "tools.function.parameters")
                heard.strict.add(function["name"])
        choice = body.get("tool_choice")
        if choice is not None:
            require(heard.tools, "'tool_choice' is only allowed when 'tools' are specified")
            heard.choice = choice if isinstance(choice, str) else choice["function"]["name"]
            require(heard.choice in ("auto", "none", "required", *heard.tools), "Tool choice not found in 'tools'")
        heard.parallel = body.get("parallel_tool_calls")
        require(heard.parallel is None or heard.tools, "'parallel_tool_calls' is only allowed with 'tools'")

    def read_options(self, body: Json, heard: Heard) -> None:
        self.check_model(body)
        heard.max_tokens = body.get("max_completion_tokens") or body.get("max_tokens")
        heard.temperature, heard.top_p = body.get("temperature"), body.get("top_p")
        require(0 <= (heard.temperature or 0) <= 2, "'temperature' must be between 0 and 2")
        stop = body.get("stop") or []
        heard.stop = [stop] if isinstance(stop, str) else stop
        require(len(heard.stop) <= 4, "'stop' has at most 4")
        heard.candidates = body.get("n") or 1
        heard.logprobs = bool(body.get("logprobs"))
        require(heard.logprobs or "top_logprobs" not in body, "'top_logprobs' needs 'logprobs'")
        heard.seed = body.get("seed")
        heard.user = body.get("user") or body.get("safety_identifier") or ""
        heard.thinks = body.get("reasoning_effort") not in (None, "none")
        require(
            "stream_options" not in body or heard.stream, "'stream_options' is only allowed when 'stream' is enabled"
        )
        heard.wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        self.read_format(body.get("response_format") or {}, body, heard)

    def check_model(self, body: Json) -> None:
        """Those that reason take neither the old limit nor sampling."""
        if "gpt-5" in body.get("model", ""):
            require(
                "max_tokens" not in body, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            )
            require(body.get("temperature", 1) == 1, "Unsupported value: 'temperature' does not support this value.")
        else:
            require("reasoning_effort" not in body, "Unsupported parameter: 'reasoning_effort'")

    def read_format(self, output: Json, body: Json, heard: Heard) -> None:
        if output.get("type") == "json_object":
            heard.json_mode = True
            require("json" in json.dumps(body["messages"]).lower(), "'messages' must contain the word 'json'")
        elif output.get("type") == "json_schema":
            form = output["json_schema"]
            require(NAME.fullmatch(form.get("name", "")), "Missing required parameter: 'json_schema.name'")
            if form.get("strict"):
                check_strict(form["schema"], "response_format")
            heard.schema = form["schema"]

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        message: Json = {"role": "assistant", "content": answer.text or None, "refusal": answer.refusal or None}
        if answer.calls:
            message["tool_calls"] = self.calls(answer, run)
        if answer.thought and self.thought_field:
            message[self.thought_field] = answer.thought
        choices = [
            {
                "index": index,
                "message": message,
                "finish_reason": STOPS[answer.stop],
                "logprobs": _logprobs(answer, heard),
            }
            for index in range(heard.candidates)
        ]
        head = self.head(run, "chat.completion")
        return json.dumps({**head, "choices": choices, "usage": self.usage(answer)}).encode()

    def calls(self, answer: Answer, run: Run) -> list[Json]:
        return [
            {
                "id": run.call_id(index, self.call_form),
                "type": "function",
                "function": {"name": each.name, "arguments": json.dumps(each.arguments) if each.arguments else "{}"},
            }
            for index, each in enumerate(answer.calls)
        ]

    def head(self, run: Run, kind: str) -> Json:
        return {"id": f"chatcmpl-{run.id}", "object": kind, "created": 1764000000, "model": "the-model-2026"}

    def usage(self, answer: Answer) -> Json:
        tokens = answer.tokens
        return {
            "prompt_tokens": tokens.input,
            "completion_tokens": tokens.output,
            "total_tokens": tokens.input + tokens.output,
            "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0},
        }

    def stream(self, answer: Answer, heard: Heard, run: Run) -> list[bytes]:
        head = self.head(run, "chat.completion.chunk")

        def chunk(delta: Json, index: int, stop: str | None = None, logprobs: Json | None = None) -> bytes:
            choice = {"index": index, "delta": delta, "finish_reason": stop, "logprobs": logprobs}
            return sse({**head, "choices": [choice]})

        frames = []
        for index in range(heard.candidates):
            frames.append(chunk({"role": "assistant", "content": "", "refusal": None}, index))
            if self.thought_field:
                frames += [chunk({self.thought_field: each}, index) for each in pieces_of(answer.thought)]
            for each in pieces_of(answer.text):
                frames.append(chunk({"content": each}, index, None, _logprobs(Answer(each), heard)))
            frames += [chunk({"refusal": each}, index) for each in pieces_of(answer.refusal)]
            frames += [chunk({"tool_calls": [each]}, index) for each in self.call_deltas(answer, run)]
        if answer.breaks == "error":
            return [*frames[:-1], self.stream_error()]
        frames += [chunk({}, index, STOPS[answer.stop]) for index in range(heard.candidates)]
        if heard.wants_usage:
            frames.append(sse({**head, "choices": [], "usage": self.usage(answer)}))
        return [*frames, b"data: [DONE]\n\n"]

    def call_deltas(self, answer: Answer, run: Run) -> Iterator[Json]:
        for index, call in enumerate(self.calls(answer, run)):
            function = call["function"]
            yield {"index": index, **call, "function": {**function, "arguments": ""}}
            for each in pieces_of(function["arguments"]):
                yield {"index": index, "function": {"arguments": each}}

    def stream_error(self) -> bytes:
        return sse(
            {"error": {"message": "The server had an error.", "type": "server_error", "param": None, "code": None}}
        )

    def failure(self, failure: Failure, message: str) -> Reply:
        kind, code = TYPES[failure.kind]
        headers = {"content-type": "application/json", "x-request-id": "req_1"}
        if failure.retry_after:
            headers["retry-after"] = str(failure.retry_after)
        error = {"message": message or CONTEXT, "type": kind, "param": None, "code": code}
        return Reply(failure.status, headers, (json.dumps({"error": error}).encode(),))


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content or ())


def _media(url: str, kind: str) -> tuple[str, str]:
    """Type and data, or type as far as it is known and the link."""
    if not url.startswith("data:"):
        return kind, url
    head, _, data = url[5:].partition(";base64,")
    return head, data


def _logprobs(answer: Answer, heard: Heard) -> Json | None:
    if not heard.logprobs:
        return None
    content = [{"token": answer.text, "logprob": -0.5, "bytes": list(answer.text.encode()), "top_logprobs": []}]
    return {"content": content, "refusal": None}
