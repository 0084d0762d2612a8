"""Google's SDK: generate_content, whole and streamed."""

import base64
from typing import Any

from google import genai
from google.genai import types

from tests.fakes.matrix_scenario import AND_THEN, Json, Line, Options, Part, Scenario, Words
from tests.fakes.sdk_pieces import Pieces

VERSION = genai.__version__


class Contents:
    def __init__(self, task: Json, scenario: Scenario) -> None:
        http = types.HttpOptions(base_url=task["url"], timeout=20_000, extra_body=dict(scenario.options.extra) or None)
        self.client = genai.Client(api_key=task["key"], vertexai=False, http_options=http)
        self.scenario = scenario
        self.next_model = task["next_model"]
        self.model = task["model"]
        self.config = types.GenerateContentConfig(**options_of(scenario.options))
        if scenario.system:
            self.config.system_instruction = scenario.system
        self.contents: list[types.Content] = [_content(line, scenario) for line in scenario.opening]

    def say(self, turn: int) -> Json:
        if turn:
            self._answer()
            self.model = self.next_model
        asked: Any = {"model": self.model, "contents": self.contents, "config": self.config}
        pieces = Pieces()
        if not self.scenario.stream:
            answers = [self.client.models.generate_content(**asked)]
        else:
            answers = []
            for chunk in self.client.models.generate_content_stream(**asked):
                pieces.note(bool(_parts(chunk)))
                answers.append(chunk)
            if not answers or not any(each.finish_reason for each in answers[-1].candidates or ()):
                raise EOFError("the stream has no end")  # the SDK itself leaves it to its caller to look
        self.parts = [part for each in answers for part in _parts(each)]
        self.contents.append(types.Content(role="model", parts=self.parts))
        return {**outcome_of(answers, self.parts), **pieces.told()}

    def _answer(self) -> None:
        tools = {each.name: each for each in self.scenario.options.tools}
        calls = [part.function_call for part in self.parts if part.function_call is not None]
        results = []
        for call in calls:
            tool = tools[call.name or ""]
            response = {"error" if tool.fails else "output": tool.result}
            answer = types.FunctionResponse(name=call.name, id=call.id, response=response)
            results.append(types.Part(function_response=answer))
        self.contents.append(types.Content(role="user", parts=results or [types.Part(text=AND_THEN)]))


def open(task: Json, scenario: Scenario) -> Contents:
    return Contents(task, scenario)


def _parts(answer: types.GenerateContentResponse) -> list[types.Part]:
    """Of the first candidate; those with nothing in them are no parts of a history."""
    content = next((each.content for each in answer.candidates or () if not each.index), None)
    parts = content.parts if content is not None and content.parts is not None else []
    return [part for part in parts if part.model_dump(exclude_none=True) not in ({}, {"text": ""})]


def _content(line: Line, scenario: Scenario) -> types.Content:
    if line.role == "tool":
        assert isinstance(line.parts[0], Words)
        name = next(call.name for each in scenario.opening for call in each.calls if call.id == line.call_id)
        answer = types.FunctionResponse(name=name, id=line.call_id, response={"output": line.parts[0].text})
        return types.Content(role="user", parts=[types.Part(function_response=answer)])
    calls = [
        types.Part(
            function_call=types.FunctionCall(name=each.name, id=each.id, args=each.arguments),
            thought_signature=b"skip_thought_signature_validator",
        )
        for each in line.calls
    ]
    role = "model" if line.role == "assistant" else "user"
    return types.Content(role=role, parts=[*map(_part, line.parts), *calls])


def _part(part: Part) -> types.Part:
    if isinstance(part, Words):
        return types.Part(text=part.text)
    if part.url:
        return types.Part(file_data=types.FileData(file_uri=part.url, mime_type=part.media_type))
    return types.Part(inline_data=types.Blob(data=base64.b64decode(part.data), mime_type=part.media_type))


def options_of(options: Options) -> Json:
    config: Json = {
        "max_output_tokens": options.max_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "seed": options.seed,
        "automatic_continuation": False,
        "automatic_function_calling": types.AutomaticFunctionCallingConfig(disable=True),
        "response_json_schema": options.schema,
        "candidate_count": options.candidates if options.candidates > 1 else None,
        "response_logprobs": options.logprobs or None,
        "stop_sequences": list(options.stop) or None,
        **_tools_of(options),
    }
    if options.schema is not None or options.json_mode:
        config["response_mime_type"] = "application/json"
    if options.effort:
        level = types.ThinkingLevel(options.effort.upper())
        config["thinking_config"] = types.ThinkingConfig(include_thoughts=True, thinking_level=level)
    return {name: value for name, value in config.items() if value is not None}


def _tools_of(options: Options) -> Json:
    config: Json = {}
    if options.tools:
        declared = [
            types.FunctionDeclaration(name=each.name, description="A tool.", parameters_json_schema=each.parameters)
            for each in options.tools
        ]
        config["tools"] = [types.Tool(function_declarations=declared)]
    if options.choice:
        modes = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
        mode = types.FunctionCallingConfigMode(modes.get(options.choice, "ANY"))
        names = None if options.choice in modes else [options.choice]
        calling = types.FunctionCallingConfig(mode=mode, allowed_function_names=names)
        config["tool_config"] = types.ToolConfig(function_calling_config=calling)
    return config


def outcome_of(answers: list[types.GenerateContentResponse], parts: list[types.Part]) -> Json:
    usage = answers[-1].usage_metadata
    used = None
    if usage is not None:
        reasoning = usage.thoughts_token_count or 0
        used = {
            "input": usage.prompt_token_count,
            "output": (usage.candidates_token_count or 0) + reasoning,
            "cached": usage.cached_content_token_count or 0,
            "reasoning": reasoning,
        }
    calls = [part.function_call for part in parts if part.function_call is not None]
    candidates = [each for answer in answers for each in answer.candidates or ()]
    logprobs = [each.logprobs_result for each in candidates if each.logprobs_result is not None]
    reason = next((each.finish_reason for each in reversed(candidates) if each.finish_reason), None)
    return {
        "text": "".join(part.text for part in parts if part.text and not part.thought),
        "thought": "".join(part.text for part in parts if part.text and part.thought),
        "refusal": "",
        "calls": [{"id": each.id or "", "name": each.name, "arguments": each.args or {}} for each in calls],
        "stop": str(reason.value) if reason is not None else "",
        "sequence": "",
        "usage": used,
        "candidates": len({each.index or 0 for each in candidates}),
        "logprobs": [each.token for result in logprobs for each in result.chosen_candidates or ()],
    }
