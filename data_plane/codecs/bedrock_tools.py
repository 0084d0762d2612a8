"""Tools and their choice, written for Bedrock's Converse.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html (2026-11).
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from data_plane.codecs.anthropic_block import ANSWER_TOOL
from data_plane.codecs.bedrock_block import NAME, BlockEncoder
from data_plane.codecs.bedrock_model import Family
from data_plane.codecs.bedrock_options import BedrockOptions, Json
from data_plane.llm.loss import Losses, client_word
from data_plane.llm.request import FunctionTool, GenerateRequest, OutputMode, Tool, ToolChoice, ToolMode
from data_plane.llm.traits import Traits

ANY_OBJECT = Raw(b'{"type":"object"}')
NOT_OFFERED = "Was used before; is not available now."

_object = msgspec.json.Decoder(dict[str, Raw]).decode


class ToolsEncoder:
    """Of one request."""

    __slots__ = ("_request", "_traits", "_losses", "_blocks", "_options")

    def __init__(
        self, request: GenerateRequest, traits: Traits, losses: Losses, blocks: BlockEncoder, options: BedrockOptions
    ) -> None:
        self._request = request
        self._traits = traits
        self._losses = losses
        self._blocks = blocks
        self._options = options

    def add(self, body: Json, family: Family, *, has_blocks: bool) -> bool:
        """Whether a tool must be called. `has_blocks`: the conversation has calls or results, which are refused
        without tools.
        """
        choice = self._request.tool_choice
        tools = [] if choice is not None and choice.mode is ToolMode.NONE else self._tools(choice)
        encoded_choice: Json = {}
        if tools:
            encoded_choice = self._choice(choice, family)
        elif has_blocks:
            tools = self._placeholders()
        if not self._add_format(tools):  # an answer in the form that is wanted, as the one thing to call
            tools = [_spec(ANSWER_TOOL, self._schema_of_output())]
            encoded_choice = {"any": {}}
        if tools:
            body["toolConfig"] = {"tools": tools, **({"toolChoice": encoded_choice} if encoded_choice else {})}
        return "any" in encoded_choice or "tool" in encoded_choice

    def _tools(self, choice: ToolChoice | None) -> list[Json]:
        """A choice among some tools is one among those only that are offered."""
        some: Sequence[str] = ()
        if choice is not None and (len(choice.names) > 1 or choice.mode is not ToolMode.REQUIRED):
            some = choice.names
        tools: list[Json] = []
        for index, tool in enumerate(self._request.tools):
            encoded = self._tool(tool, f"tools[{index}]")
            if encoded and (not some or (isinstance(tool, FunctionTool) and tool.name in some)):
                tools += encoded
        return tools

    def _tool(self, tool: Tool, path: str) -> list[Json]:
        if not isinstance(tool, FunctionTool):
            self._losses.drop(path)
            return []
        if not NAME.fullmatch(tool.name):
            self._losses.drop(f"{path}.name")
            return []
        self._losses.drop_all(tool.extras, f"{path}.")
        encoded = _spec(tool.name, tool.parameters, tool.description)
        if tool.strict and self._traits.takes_json_schema:
            inner = encoded["toolSpec"]
            assert isinstance(inner, dict)
            inner["strict"] = True
        elif tool.strict:
            self._losses.drop(f"{path}.strict")
        return [encoded, *self._blocks.cache_point(tool.cache)]

    def _choice(self, choice: ToolChoice | None, family: Family) -> Json:
        """Calls one at a time only Claude can be held to, and only where none is forced."""
        encoded: Json = {}
        if choice is not None and choice.mode is ToolMode.REQUIRED:
            encoded = {"tool": {"name": choice.names[0]}} if len(choice.names) == 1 else {"any": {}}
        elif choice is not None:
            encoded = {"auto": {}}
        if self._request.parallel_tool_calls is not False:
            return encoded
        if family is not Family.CLAUDE or (encoded and "auto" not in encoded):
            self._losses.drop("parallel_tool_calls")
            return encoded
        self._options.fields["tool_choice"] = {"type": "auto", "disable_parallel_tool_use": True}
        return {}  # told twice, it is refused

    def _placeholders(self) -> list[Json]:
        """There is no choice of none: without tools to offer, those that were called before stand there."""
        if self._request.tool_choice is not None and self._request.tools:
            self._losses.drop("tool_choice")
        names = list(self._blocks.called) or ["unavailable"]
        return [_spec(name, None, NOT_OFFERED) for name in names]

    def _add_format(self, tools: Sequence[Json]) -> bool:
        """False: the answer has to come by a tool."""
        output = self._request.output
        if output is None or output.mode is OutputMode.TEXT:
            return True
        if output.mode is OutputMode.SCHEMA and self._traits.takes_json_schema:
            schema = bytes(ANY_OBJECT if output.schema is None else output.schema).decode(errors="replace")
            known = {"schema": schema, "name": output.name, "description": output.description}
            definition = {name: value for name, value in known.items() if value}
            self._options.output["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": definition}}
            return True
        if tools:
            self._losses.drop(client_word(self._request, "response_format"))
            return True
        if output.description:
            self._losses.drop(client_word(self._request, "response_format.json_schema.description"))
        return False

    def _schema_of_output(self) -> Raw | None:
        output = self._request.output
        return None if output is None else output.schema


def _spec(name: str, parameters: Raw | None, description: str = "") -> Json:
    known: Json = {"description": description} if description.strip() else {}
    return {"toolSpec": {"name": name, **known, "inputSchema": {"json": _schema(parameters)}}}


def _schema(parameters: Raw | None) -> object:
    """It must say that it is of an object."""
    if parameters is None:
        return ANY_OBJECT
    try:
        fields = _object(parameters)
    except msgspec.DecodeError:
        return parameters
    return parameters if "type" in fields else {"type": "object", **fields}
