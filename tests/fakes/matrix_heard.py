"""What a provider did not hear of a conversation, though the client has said it."""

from collections.abc import Iterator

from tests.fakes.matrix_scenario import AND_THEN, Media, Options, Scenario, ToolSpec, Words
from tests.fakes.provider_stage import FakeProvider, Heard, Run


def heard_problems(
    scenario: Scenario, provider: type[FakeProvider], run: Run, turn: int, *, is_lossy: bool
) -> Iterator[str]:
    """Of the request of one turn. `is_lossy`: the conversation itself must be whole, no more."""
    heard = run.heard[turn]
    yield from _word_problems(scenario, heard, turn)
    yield from _history_problems(scenario, provider, run, turn)
    if is_lossy:
        return
    yield from _media_problems(scenario, heard)
    yield from _option_problems(scenario, provider, heard)
    yield from _tool_problems(scenario.options, heard)
    if scenario.options.caches and provider.name in ("anthropic", "bedrock") and not heard.caches:
        yield "the mark to cache is lost"


def _word_problems(scenario: Scenario, heard: Heard, turn: int) -> Iterator[str]:
    said = "\n".join(heard.users)
    words = [text for line in scenario.opening if line.role == "user" for text in _texts(line.parts)]
    if turn and not scenario.answers[turn - 1].calls:
        words.append(AND_THEN)
    yield from (f"the user's words are lost: {text!r}" for text in words if text not in said)
    prompts = (scenario.system, scenario.developer)
    yield from (f"the system prompt is lost: {text!r}" for text in prompts if text not in heard.system)


def _texts(parts: tuple[Words | Media, ...]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Words)]


def _media_problems(scenario: Scenario, heard: Heard) -> Iterator[str]:
    sent = [part for line in scenario.opening for part in line.parts if isinstance(part, Media)]
    if [each.data or each.url for each in sent] != [data for _, data in heard.media]:
        yield f"{len(heard.media)} media, not {len(sent)}, or not the same"
    for each, (kind, _) in zip(sent, heard.media, strict=False):
        if not each.media_type.startswith(kind):
            yield f"{kind}, not {each.media_type}"


def _option_problems(scenario: Scenario, provider: type[FakeProvider], heard: Heard) -> Iterator[str]:
    options = scenario.options
    asked = {
        "stream": scenario.stream,
        "max_tokens": options.max_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "stop": list(options.stop),
        "seed": options.seed,
        "candidates": options.candidates,
        "logprobs": options.logprobs,
        "user": options.user if options.user and "user" in provider.shows else None,  # else a hint, and left out
        "extra": options.extra.get("x_future"),
        "json_mode": options.json_mode,
        "thinks": bool(options.effort),
    }
    for name, expected in asked.items():
        if expected is not None and getattr(heard, name) != expected:
            yield f"{name} is {getattr(heard, name)!r}, not {expected!r}"
    if options.schema is not None:
        properties = (heard.schema or {}).get("properties", {})
        if set(options.schema["properties"]) != set(properties):
            yield f"the output's schema is {heard.schema}"


def _tool_problems(options: Options, heard: Heard) -> Iterator[str]:
    if options.choice == "none":
        if heard.tools and heard.choice != "none":
            yield "the model may call tools"
        return
    is_one = bool(heard.only_tool) and heard.only_tool == options.choice  # others need not be told
    if not is_one and set(heard.tools) != {each.name for each in options.tools}:
        yield f"tools {sorted(heard.tools)}"
        return
    for tool in options.tools if not is_one else ():
        yield from _schema_problems(tool, heard)
    if options.choice not in ("", heard.choice, heard.only_tool):
        yield f"the choice of tools is {heard.choice!r}"
    if options.parallel is not None and heard.parallel != options.parallel:
        yield "the model may call several tools at a time"


def _schema_problems(tool: ToolSpec, heard: Heard) -> Iterator[str]:
    schema = heard.tools[tool.name]
    if set(tool.parameters["properties"]) != set((schema or {}).get("properties", {})):
        yield f"the schema of {tool.name} is {schema}"
    if tool.strict and tool.name not in heard.strict:
        yield f"{tool.name} is no longer strict"


def _history_problems(scenario: Scenario, provider: type[FakeProvider], run: Run, turn: int) -> Iterator[str]:
    """Calls, their ids, and results of earlier turns."""
    heard, earlier = run.heard[turn], scenario.answers[:turn]
    calls = [call for line in scenario.opening for call in line.calls]
    made = [call for each in earlier for call in each.calls]
    if [(each.name, each.arguments) for each in (*calls, *made)] != [(name, given) for _, name, given in heard.calls]:
        yield f"calls of the history: {heard.calls}"
    results = {each.name: each.result for each in scenario.options.tools}
    expected = [text for line in scenario.opening if line.role == "tool" for text in _texts(line.parts)]
    expected += [results[call.name] for call in made]
    told = [text for _, text in heard.results]
    if len(told) != len(expected) or any(one not in other for one, other in zip(expected, told, strict=True)):
        yield f"results {told}, not {expected}"
    ids = {id for id, _, _ in heard.calls}
    if "ids" in provider.shows and not scenario.begins_at and len(ids & set(run.call_ids)) != len(made):
        yield f"ids {sorted(ids)} are not those that the provider gave"
