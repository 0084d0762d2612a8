"""A request to generate, in no provider's words. None: the client has not said, and the provider decides."""

from enum import Enum

from msgspec import Raw, Struct

from data_plane.llm.content import CacheMark, Message


class FunctionTool(Struct, tag=True):
    """A tool that the client carries out. `parameters`: a JSON Schema as it was written; None: it takes none.

    `extras`: fields that only the API it came by understands, as they were written.
    """

    name: str
    description: str = ""
    parameters: Raw | None = None
    strict: bool | None = None
    cache: CacheMark | None = None
    extras: dict[str, Raw] = {}


class CustomTool(Struct, tag=True):
    """A tool that takes free text. `format`: a grammar, as OpenAI Chat Completions writes it. `extras`: as above."""

    name: str
    description: str = ""
    format: Raw | None = None
    extras: dict[str, Raw] = {}


class OpaqueTool(Struct, tag=True):
    """A tool that only the API it came by understands, such as a provider's own search."""

    api: str
    kind: str
    raw: Raw


Tool = FunctionTool | CustomTool | OpaqueTool


class ToolMode(Enum):
    """Whether the model calls tools."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"  # one at least; of `names` where some are given


class ToolChoice(Struct, frozen=True):
    """`names` empty: of all tools."""

    mode: ToolMode
    names: tuple[str, ...] = ()


class OutputMode(Enum):
    """The form of the answer's text."""

    TEXT = "text"
    JSON = "json"
    SCHEMA = "schema"


class OutputFormat(Struct, frozen=True):
    """`schema`: a JSON Schema as it was written, with `OutputMode.SCHEMA`."""

    mode: OutputMode
    schema: Raw | None = None
    name: str = ""
    description: str = ""
    strict: bool | None = None


class Effort(Enum):
    """How long the model thinks; providers know some of these."""

    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"
    MAX = "max"


class Reasoning(Struct, frozen=True):
    """`budget_tokens` bounds the thought; `is_adaptive`: the model decides; `summary`: how it is to be shown."""

    effort: Effort | None = None
    budget_tokens: int | None = None
    is_adaptive: bool = False
    is_shown: bool | None = None
    summary: str = ""  # auto | concise | detailed


class Sampling(Struct, frozen=True):
    """How tokens are chosen. Ranges are those of the API that the request came by."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool = False
    top_logprobs: int | None = None


class GenerateRequest(Struct):
    """`api`: the wire API that it came by. `extras`: its top-level fields that nobody here knows, as they were written:
    they go to the same API alone. `wants_array`: the client of a stream expects one JSON array, not events.
    """

    api: str
    model: str
    messages: list[Message]
    max_output_tokens: int | None = None
    stop: tuple[str, ...] = ()
    candidates: int = 1
    sampling: Sampling = Sampling()
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    output: OutputFormat | None = None
    reasoning: Reasoning | None = None
    stream: bool = False
    wants_usage: bool = True  # in a stream
    wants_array: bool = False
    end_user: str = ""
    metadata: dict[str, str] = {}
    service_tier: str = ""
    store: bool | None = None
    extras: dict[str, Raw] = {}
