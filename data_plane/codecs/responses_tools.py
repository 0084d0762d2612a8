"""Tools of OpenAI Responses, and which of them are to be called, both ways.

Source: platform.openai.com/docs/api-reference/responses/create (2026-11). Tools are flat here, where Chat Completions
nests them; and strict unless they say otherwise.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.responses_item import API, is_string, read_text
from data_plane.llm.loss import Losses
from data_plane.llm.request import CustomTool, FunctionTool, GenerateRequest, OpaqueTool, Tool, ToolChoice, ToolMode

Json = dict[str, object]

MODES: Mapping[str, ToolMode] = {mode.value: mode for mode in ToolMode}
ALLOWED_MODES = frozenset(("auto", "required"))
OWN_TOOLS = frozenset(("function", "custom"))
GRAMMAR = "grammar"

_encode = msgspec.json.Encoder().encode


def decode_tool(raw: Raw, path: str) -> Tool:
    """A tool of the client; what is not known here is the provider's, and passes.

    Raises:
        Unreadable: it is not as the API has it.
    """
    reader = JsonReader.of(raw, path)
    kind = reader.required_text("type")
    if kind == "function":
        name, description = reader.required_text("name"), reader.text("description")
        parameters, strict = reader.raw("parameters"), reader.flag("strict")
        return FunctionTool(name, description, parameters, strict, extras=reader.rest())
    if kind == "custom":
        name, description = reader.required_text("name"), reader.text("description")
        format = _nested(reader.object("format"))
        return CustomTool(name, description, format, reader.rest())
    return OpaqueTool(API, kind, raw)


def decode_choice(raw: Raw) -> ToolChoice | None:
    """None: it names tools of the provider.

    Raises:
        Unreadable: it is not as the API has it.
    """
    if is_string(raw):
        mode = MODES.get(read_text(raw, "tool_choice"))
        if mode is None:
            raise Unreadable(f"`tool_choice` must be one of {', '.join(MODES)}, or name a tool")
        return ToolChoice(mode)
    choice = JsonReader.of(raw, "tool_choice")
    kind = choice.required_text("type")
    if kind in OWN_TOOLS:
        return ToolChoice(ToolMode.REQUIRED, (choice.required_text("name"),))
    if kind != "allowed_tools":
        return None
    mode = MODES[choice.one_of("mode", ALLOWED_MODES) or "auto"]
    names: list[str] = []
    for each in choice.objects("tools"):
        if each.required_text("type") not in OWN_TOOLS:
            return None
        names.append(each.required_text("name"))
    return ToolChoice(mode, tuple(names))


def encode_tools(request: GenerateRequest, losses: Losses) -> list[object]:
    """Those that the provider can be told of."""
    tools: list[object] = []
    for index, tool in enumerate(request.tools):
        encoded = _encode_tool(tool, request.api == API, losses, f"tools[{index}]")
        if encoded is not None:
            tools.append(encoded)
    return tools


def encode_choice(choice: ToolChoice, tools: Sequence[Tool]) -> object:
    """Where names are given, what kind of tool each is follows from the tools."""
    if not choice.names or choice.mode is ToolMode.NONE:
        return choice.mode.value
    custom = {tool.name for tool in tools if isinstance(tool, CustomTool)}
    named: list[Json] = [{"type": "custom" if name in custom else "function", "name": name} for name in choice.names]
    if len(named) == 1 and choice.mode is ToolMode.REQUIRED:
        return named[0]
    return {"type": "allowed_tools", "mode": choice.mode.value, "tools": named}


def _encode_tool(tool: Tool, is_own: bool, losses: Losses, path: str) -> object:
    if isinstance(tool, OpaqueTool):
        if tool.api == API:
            return tool.raw
        losses.drop(path)
        return None
    encoded: Json = {"type": "function", "name": tool.name}
    if isinstance(tool, CustomTool):
        encoded["type"] = "custom"
        if tool.format is not None:
            encoded["format"] = _flat(tool.format)
    else:
        encoded["parameters"] = tool.parameters
        # Unsaid, it means no elsewhere, and yes here.
        encoded["strict"] = False if tool.strict is None and not is_own else tool.strict
    if tool.description:
        encoded["description"] = tool.description
    if is_own:
        encoded.update(tool.extras)
    else:
        losses.drop_all(tool.extras, f"{path}.")
    return encoded


def _nested(format: JsonReader | None) -> Raw | None:
    """As Chat Completions has it."""
    if format is None:
        return None
    kind = format.required_text("type")
    rest: Json = {**format.rest()}
    return Raw(_encode({"type": kind, GRAMMAR: rest} if kind == GRAMMAR else {"type": kind, **rest}))


def _flat(format: Raw) -> object:
    try:
        reader = JsonReader.of(format, "format")
        grammar = reader.object(GRAMMAR)
    except Unreadable:
        return format
    return format if grammar is None else {**reader.rest(), **grammar.rest()}
