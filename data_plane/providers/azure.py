"""Azure OpenAI, and the models beside it in Microsoft Foundry.

Source: learn.microsoft.com/azure/foundry/openai/api-version-lifecycle and .../reference (2026-11); the SDKs of OpenAI
(AzureOpenAI) and Anthropic (AnthropicFoundry). A base URL is that of the resource, as `https://<name>.openai.azure.com`
or `https://<name>.services.ai.azure.com`; the names of models are those of deployments.

A dated `apiVersion` asks for the classic API, in which the path names the deployment. Any other, as `preview`, and none
ask for the v1 API, whose paths are OpenAI's.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import quote_plus

from data_plane.providers.anthropic import VERSION
from data_plane.providers.compatible import is_claude
from data_plane.providers.openai import KEPT, SURFACES
from data_plane.providers.paths import at, escaped, forwarded_query
from data_plane.providers.surface import Asked, Place, ProviderType, Surface

KEY_HEADER = "api-key"
# In the classic API, what is not asked of a deployment: the body names the model, or there is none.
WITHOUT_DEPLOYMENT = frozenset(("openai-responses", "openai-input-tokens", "openai-compact"))
RESPONSES_SINCE = "2025-03-01"  # dates compare as text; older versions answer 400
KEPT_HERE = ("openai-files", "openai-batches", "openai-stored-responses")
NOT_HERE = frozenset(("openai-moderations", "openai-image-variations"))  # content is filtered in each call
# Deployments have the name of their model unless somebody gives them another.
CLAUDE: Mapping[str, Surface] = {
    "anthropic-messages": Surface(at(b"/anthropic/v1/messages"), "x-api-key", VERSION, is_claude),
    "anthropic-count-tokens": Surface(at(b"/anthropic/v1/messages/count_tokens"), "x-api-key", VERSION, is_claude),
}


@lru_cache(maxsize=256)  # the same objects for the same place: what has not changed is equal
def surfaces(place: Place) -> Mapping[str, Surface]:
    version = place.api_version
    is_classic = version[:1].isdigit()
    field = f"api-version={quote_plus(version)}".encode() if version else b""
    made: dict[str, Surface] = {}
    for wire, surface in SURFACES.items():
        if wire in NOT_HERE or (is_classic and version < RESPONSES_SINCE and wire in WITHOUT_DEPLOYMENT):
            continue
        root = b"/openai" if is_classic else b"/openai/v1"
        if is_classic and wire not in WITHOUT_DEPLOYMENT:
            path = _of_deployment(surface.path, field)
        else:
            path = _with_version(root, surface.path, field)
        made[wire] = Surface(path, KEY_HEADER, takes=_is_no_claude)
    for wire in KEPT_HERE:
        if not is_classic or version >= RESPONSES_SINCE or wire != "openai-stored-responses":
            root = b"/openai" if is_classic else b"/openai/v1"
            made[wire] = Surface(_with_version(root, KEPT[wire].path, field), KEY_HEADER)
    return {**made, **CLAUDE}


def _is_no_claude(model: str) -> bool:
    return not is_claude(model)


def _of_deployment(below: Callable[[Asked], bytes], field: bytes) -> Callable[[Asked], bytes]:
    def path(asked: Asked) -> bytes:
        root = b"/openai/deployments/%b" % escaped(asked.model).replace(b"/", b"%2F")
        return _target(root, below, asked, field)

    return path


def _with_version(root: bytes, below: Callable[[Asked], bytes], field: bytes) -> Callable[[Asked], bytes]:
    def path(asked: Asked) -> bytes:
        return _target(root, below, asked, field)

    return path


def _target(root: bytes, below: Callable[[Asked], bytes], asked: Asked, field: bytes) -> bytes:
    path = root + below(Asked(asked.model, path=asked.path)) + forwarded_query(asked.query)
    if not field:
        return path
    return path + (b"&" if b"?" in path else b"?") + field


AZURE_OPENAI = ProviderType(
    "AzureOpenAI",
    surfaces,
    telemetry_name="azure.ai.openai",
    catalog="azure",
    reasons_by="openai-responses",
    lacks=frozenset(("takes_more_sampling",)),
)
