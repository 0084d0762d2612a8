"""OpenAI's SDK, old and new: chat completions."""

import json
from typing import Any

import openai

from tests.fakes.matrix_scenario import AND_THEN, Json, Line, Media, Options, Part, Scenario, Words
from tests.fakes.sdk_pieces import Pieces

VERSION = openai.__version__
PIECES = ("content.delta", "tool_calls.function.arguments.delta", "refusal.delta")


class Chat:
    def __init__(self, task: Json, scenario: Scenario) -> None:
        url, key = task["url"] + "/v1", task["key"]
        self.client: Any = openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=20)
        self.scenario = scenario
        self.next_model = task["next_model"]
        self.body: Json = {"model": task["model"], **options_of(scenario.options, thinks=scenario.thinks)}
        self.messages: list[Any] = opening_of(scenario)
        self.extra = dict(scenario.options.extra)

    def say(self, turn: int) -> Json:
        if turn:
            self._answer()
            self.body["model"] = self.next_model
        if self.scenario.stream:
            return self._streamed()
        answer = self.client.chat.completions.create(**self.body, messages=self.messages, extra_body=self.extra or None)
        return self._keep(answer, Pieces())

    def _streamed(self) -> Json:
        """By the SDK's own helper, which puts the pieces together."""
        pieces = Pieces()
        body = {**self.body, "stream_options": {"include_usage": True}, "extra_body": self.extra or None}
        with self.client.chat.completions.stream(**body, messages=self.messages) as stream:
            try:
                for event in stream:
                    pieces.note(event.type in PIECES)
                answer = stream.get_final_completion()
            except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
                stream.until_done()  # so it says that an answer is not all that the model had to say
                answer = stream.current_completion_snapshot
            return self._keep(answer, pieces)

    def _keep(self, answer: Any, pieces: Pieces) -> Json:
        message = answer.choices[0].message
        kept = message.model_dump(exclude_none=True)
        kept.pop("parsed", None)
        for call in kept.get("tool_calls", ()):
            call["function"].pop("parsed_arguments", None)
            call.pop("index", None)
        self.messages.append(kept)
        return {**outcome_of(answer), **pieces.told()}

    def _answer(self) -> None:
        calls = self.messages[-1].get("tool_calls")
        tools = {each.name: each for each in self.scenario.options.tools}
        for call in calls or ():
            result = tools[call["function"]["name"]].result
            self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
        if not calls:
            self.messages.append({"role": "user", "content": AND_THEN})


def open(task: Json, scenario: Scenario) -> Chat:
    return Chat(task, scenario)


def opening_of(scenario: Scenario) -> list[Any]:
    prompts = [("system", scenario.system), ("developer", scenario.developer)]
    messages: list[Any] = [{"role": role, "content": text} for role, text in prompts if text]
    return [*messages, *map(_message, scenario.opening)]


def _message(line: Line) -> Json:
    if line.role == "tool":
        assert isinstance(line.parts[0], Words)
        return {"role": "tool", "tool_call_id": line.call_id, "content": line.parts[0].text}
    if len(line.parts) == 1 and isinstance(line.parts[0], Words):
        return {"role": line.role, "content": line.parts[0].text}
    message: Json = {"role": line.role, "content": [_part(each) for each in line.parts] or None}
    if line.calls:
        message["tool_calls"] = [
            {
                "id": each.id,
                "type": "function",
                "function": {"name": each.name, "arguments": json.dumps(each.arguments)},
            }
            for each in line.calls
        ]
    return message


def _part(part: Part) -> Json:
    if isinstance(part, Words):
        return {"type": "text", "text": part.text}
    url = part.url or f"data:{part.media_type};base64,{part.data}"
    if isinstance(part, Media) and part.is_picture:
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": "file.pdf", "file_data": url}}


def options_of(options: Options, *, thinks: bool) -> Json:
    """As a client of this API words them; who reasons has another name for the limit."""
    body: Json = {"max_completion_tokens" if thinks else "max_tokens": options.max_tokens}
    for name in ("temperature", "top_p", "seed"):
        if getattr(options, name) is not None:
            body[name] = getattr(options, name)
    if options.tools:
        body["tools"] = [_tool(each.name, each.parameters, strict=each.strict) for each in options.tools]
    if options.choice:
        named = {"type": "function", "function": {"name": options.choice}}
        body["tool_choice"] = options.choice if options.choice in ("auto", "required", "none") else named
    if options.parallel is not None:
        body["parallel_tool_calls"] = options.parallel
    if options.schema is not None:
        form = {"name": "person", "strict": True, "schema": options.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    elif options.json_mode:
        body["response_format"] = {"type": "json_object"}
    rest = {
        "stop": list(options.stop),
        "reasoning_effort": options.effort,
        "n": options.candidates if options.candidates > 1 else None,
        "logprobs": options.logprobs,
        "user": options.user,
    }
    return body | {name: value for name, value in rest.items() if value}


def _tool(name: str, parameters: Json, *, strict: bool) -> Json:
    function = {"name": name, "description": "A tool.", "parameters": parameters}
    return {"type": "function", "function": {**function, "strict": True} if strict else function}


def outcome_of(answer: Any) -> Json:
    choice, usage = answer.choices[0], answer.usage
    message = choice.message
    used = None
    if usage is not None:
        given, taken = usage.prompt_tokens_details, usage.completion_tokens_details
        used = {
            "input": usage.prompt_tokens,
            "output": usage.completion_tokens,
            "cached": given.cached_tokens if given is not None else 0,
            "reasoning": (taken.reasoning_tokens if taken is not None else 0) or 0,
        }
    return {
        "text": message.content or "",
        "thought": getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None) or "",
        "refusal": message.refusal or "",
        "calls": [
            {"id": each.id, "name": each.function.name, "arguments": json.loads(each.function.arguments)}
            for each in message.tool_calls or ()
        ],
        "stop": choice.finish_reason,
        "sequence": "",
        "usage": used,
        "candidates": len({each.index for each in answer.choices}),
        "logprobs": [each.token for each in (choice.logprobs.content or ())] if choice.logprobs else [],
    }
