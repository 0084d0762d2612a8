"""OpenAI's SDK, old and new: responses that nobody stores."""

import json
from typing import Any

import openai

from tests.fakes.matrix_scenario import AND_THEN, Json, Line, Options, Part, Scenario, Words
from tests.fakes.sdk_pieces import Pieces

VERSION = openai.__version__


class Responses:
    def __init__(self, task: Json, scenario: Scenario) -> None:
        url, key = task["url"] + "/v1", task["key"]
        self.client: Any = openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=20)
        self.scenario = scenario
        self.next_model = task["next_model"]
        options = scenario.options
        self.body: Json = {"model": task["model"], "store": False, **options_of(options)}
        if options.extra:
            self.body["extra_body"] = dict(options.extra)
        if scenario.system:
            self.body["instructions"] = scenario.system
        self.input: list[Any] = [item for line in scenario.opening for item in _items(line)]
        if scenario.developer:
            self.input.insert(0, {"role": "developer", "content": scenario.developer})

    def say(self, turn: int) -> Json:
        if turn:
            self._answer()
            self.body["model"] = self.next_model
        pieces = Pieces()
        if self.scenario.stream:
            answer = self._streamed(pieces)
        else:
            answer = self.client.responses.create(**self.body, input=self.input)
        self.items = [_kept(item) for item in answer.output]
        self.input += self.items
        return {**outcome_of(answer), **pieces.told()}

    def _streamed(self, pieces: Pieces) -> Any:
        """By the SDK's own helper, which puts the pieces together; its last event has all of it."""
        answer = None
        with self.client.responses.stream(**self.body, input=self.input) as stream:
            for event in stream:
                pieces.note(event.type.endswith(".delta"))
                if event.type in ("response.completed", "response.incomplete"):
                    answer = event.response
                elif event.type == "error":
                    raise openai.OpenAIError(f"error: {event.message}")
                elif event.type == "response.failed":
                    raise openai.OpenAIError(f"response.failed: {event.response.error.message}")
        return answer or stream.get_final_response()

    def _answer(self) -> None:
        tools = {each.name: each for each in self.scenario.options.tools}
        calls = [item for item in self.items if item["type"] == "function_call"]
        for call in calls:
            output = tools[call["name"]].result
            self.input.append({"type": "function_call_output", "call_id": call["call_id"], "output": output})
        if not calls:
            self.input.append({"role": "user", "content": AND_THEN})


def open(task: Json, scenario: Scenario) -> Responses:
    return Responses(task, scenario)


def _kept(item: Any) -> Json:
    """As it came; the helper for streams adds what no API takes."""
    kept: Json = item.model_dump(exclude_none=True)
    kept.pop("parsed_arguments", None)
    for part in kept.get("content", ()):
        part.pop("parsed", None)
    return kept


def _items(line: Line) -> list[Json]:
    if line.role == "tool":
        assert isinstance(line.parts[0], Words)
        return [{"type": "function_call_output", "call_id": line.call_id, "output": line.parts[0].text}]
    calls = [
        {"type": "function_call", "call_id": each.id, "name": each.name, "arguments": json.dumps(each.arguments)}
        for each in line.calls
    ]
    if not line.parts:
        return calls
    if len(line.parts) == 1 and isinstance(line.parts[0], Words):
        return [{"role": line.role, "content": line.parts[0].text}, *calls]
    return [{"role": line.role, "content": [_part(each) for each in line.parts]}, *calls]


def _part(part: Part) -> Json:
    if isinstance(part, Words):
        return {"type": "input_text", "text": part.text}
    url = part.url or f"data:{part.media_type};base64,{part.data}"
    if part.is_picture:
        return {"type": "input_image", "image_url": url, "detail": "auto"}
    return {"type": "input_file", "filename": "file.pdf", "file_data": url}


def options_of(options: Options) -> Json:
    body: Json = {"max_output_tokens": options.max_tokens, "temperature": options.temperature, "top_p": options.top_p}
    body["tools"] = [
        {
            "type": "function",
            "name": each.name,
            "description": "A tool.",
            "parameters": each.parameters,
            "strict": each.strict,
        }
        for each in options.tools
    ]
    is_word = options.choice in ("", "auto", "required", "none")
    body["tool_choice"] = options.choice if is_word else {"type": "function", "name": options.choice}
    body["parallel_tool_calls"] = options.parallel
    if options.schema is not None:
        form = {"type": "json_schema", "name": "person", "strict": True, "schema": options.schema}
        body["text"] = {"format": form}
    elif options.json_mode:
        body["text"] = {"format": {"type": "json_object"}}
    if options.effort:
        body["reasoning"] = {"effort": options.effort, "summary": "auto"}
        body["include"] = ["reasoning.encrypted_content"]
    if options.logprobs:
        body["include"] = ["message.output_text.logprobs"]
    body["user"] = options.user
    return {name: value for name, value in body.items() if value not in (None, "", [])}


def outcome_of(answer: Any) -> Json:
    usage = answer.usage
    used = None
    if usage is not None:
        used = {
            "input": usage.input_tokens,
            "output": usage.output_tokens,
            "cached": usage.input_tokens_details.cached_tokens,
            "reasoning": usage.output_tokens_details.reasoning_tokens,
        }
    parts = [part for item in answer.output if item.type == "message" for part in item.content]
    thoughts = [item for item in answer.output if item.type == "reasoning"]
    shown = [text.text for item in thoughts for text in (*item.summary, *(item.content or ()))]
    texts = [part for part in parts if part.type == "output_text"]
    details = answer.incomplete_details
    return {
        "text": "".join(part.text for part in texts),
        "thought": "".join(shown),
        "refusal": "".join(part.refusal for part in parts if part.type == "refusal"),
        "calls": [
            {"id": item.call_id, "name": item.name, "arguments": json.loads(item.arguments)}
            for item in answer.output
            if item.type == "function_call"
        ],
        "stop": details.reason if answer.status == "incomplete" and details is not None else answer.status,
        "sequence": "",
        "usage": used,
        "candidates": 1,
        "logprobs": [each.token for part in texts for each in part.logprobs or ()],
    }
