"""One entry of `model_list`: which provider it asks, for what, and its share of the traffic."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from config_schemas.routing.provider import WITHOUT_PUBLIC_ADDRESS, ProviderSpec, ProviderTypeName
from control_plane.litellm_import import address, known_provider
from control_plane.litellm_import.authentication import authentication
from control_plane.litellm_import.entry import Entry, Explanation, Json
from control_plane.litellm_import.explanation import MODEL_INFO, PARAMETERS, explain
from control_plane.litellm_import.finding import Finding
from control_plane.litellm_import.known_provider import PROVIDERS, KnownProvider
from control_plane.litellm_import.model_name import MAX_CHARACTERS, TAKEN, NotServed, model_name
from control_plane.litellm_import.prices import read_prices
from control_plane.litellm_import.values import FILL_IN, Values

WILDCARD = "a wildcard stands for whatever a client writes; a Model has a name"


@dataclass(frozen=True, slots=True)
class Deployment:
    """`group`: the name that clients write. `provider`: the spec of its Provider as JSON, `hint` what to call it."""

    group: str
    path: str
    provider: str
    hint: str
    model: str  # empty: a wildcard, of which only the provider is there
    weight: float | None = None
    rpm: float | None = None
    tpm: float | None = None
    order: float | None = None
    timeout: float | None = None
    stream_timeout: float | None = None
    drop_params: bool | None = None
    prices: tuple[tuple[str, str], ...] = ()  # USD for a million tokens, by bucket
    wildcard: tuple[str, str] = ("", "")  # of a wildcard, LiteLLM's provider and its name for the model


def read_deployment(entry: Entry, values: Values, credentials: Mapping[str, Mapping[str, Json]]) -> Deployment | None:
    """The deployment, None if it has no equivalent: the findings say why."""
    group = entry.text("model_name")
    parameters = _with_credential(entry, credentials)
    info = entry.entry("model_info")
    prices = read_prices(parameters, info)
    info.list_rest(lambda key: explain(MODEL_INFO, key, UNKNOWN_INFO))
    entry.list_rest(lambda key: UNKNOWN_ENTRY)
    try:
        found = _read(group, parameters, values, prices)
    except NotServed as error:
        entry.say("litellm_params", "NotMapped", str(error), "the deployment is left out")
        return None
    parameters.list_rest(lambda key: explain(PARAMETERS, key, DEFAULT_FIELD))
    return found


UNKNOWN_ENTRY = Explanation("NotMapped", "nothing is known of it", "see what LiteLLM does by it")
UNKNOWN_INFO = Explanation("NotNeeded", "it informs, and changes no request")
DEFAULT_FIELD = Explanation(
    "NotMapped", "LiteLLM sends it with every request; requests are sent on as they come", "have clients send it"
)


def _with_credential(entry: Entry, credentials: Mapping[str, Mapping[str, Json]]) -> Entry:
    """The parameters, with the values of the credential that they name; their own win."""
    parameters = entry.entry("litellm_params")
    name = parameters.text("litellm_credential_name")
    if name is None:
        return parameters
    known = credentials.get(name)
    if known is None:
        reason, advice = "`credential_list` has none of this name", "add the Secret to the Provider's `auth`"
        parameters.say("litellm_credential_name", "NotMapped", reason, advice)
        return parameters
    return parameters.over(known)


def _read(group: str | None, parameters: Entry, values: Values, prices: Mapping[str, str]) -> Deployment:
    """Raises NotServed."""
    model = values.plain(parameters.text("model"), parameters.place("model"))
    if group is None or model is None:
        raise NotServed("a deployment needs `model_name` and `litellm_params.model`")
    prefix, rest = known_provider.split_model(model, parameters.text("custom_llm_provider"))
    known = PROVIDERS.get(prefix)
    if known is None and prefix == "" and _has_base(parameters):
        prefix, known = "openai_like", known_provider.OPEN_COMPATIBLE  # an address, and a name that says nothing
    if known is None:
        raise NotServed(
            f"no type of Provider is LiteLLM's '{prefix[:40]}'" if prefix else "its provider cannot be told"
        )
    name, region = "", ""
    if "*" in group or "*" in rest:
        advice = "name those that clients use with --model; the Provider is there"
        parameters.say("model", "NotMapped", WILDCARD, advice)
    else:
        if len(group) > MAX_CHARACTERS or not TAKEN.fullmatch(group):
            raise NotServed(f"clients ask for models by up to {MAX_CHARACTERS} letters, digits and `-._:/@`")
        name, region = model_name(prefix, rest)
    spec = _provider(prefix, known, region, parameters, values)
    url = str(spec.get("baseUrl", ""))
    label = address.label_of(url)
    return Deployment(
        group=group,
        path=parameters.path,
        provider=json.dumps(spec, sort_keys=True),
        hint=f"{prefix}-{label}" if label and label not in prefix else prefix,
        model=name,
        weight=parameters.number("weight"),
        rpm=parameters.number("rpm"),
        tpm=parameters.number("tpm"),
        order=parameters.number("order"),
        timeout=parameters.number("timeout"),
        stream_timeout=parameters.number("stream_timeout"),
        drop_params=parameters.flag("drop_params"),
        prices=tuple(sorted(prices.items())),
        wildcard=("", "") if name else (prefix, rest),
    )


def _has_base(parameters: Entry) -> bool:
    return parameters.has("api_base") or parameters.has("base_url")


def _provider(prefix: str, known: KnownProvider, region: str, parameters: Entry, values: Values) -> dict[str, Json]:
    """The spec of the Provider. Raises NotServed."""
    given = _address(known, parameters, values)
    kind, given = _hosted(prefix, known.type, given)
    url = address.base_url(kind, given)
    if url and not address.is_taken(url):
        raise NotServed("`api_base` must be a URL as `https://host/path`, without a query and a user name")
    is_foreign = kind == "OpenAI" and not address.is_openai(url)
    if is_foreign:
        kind = "OpenAICompatible"
    if not url and kind in WITHOUT_PUBLIC_ADDRESS:
        raise NotServed(f"a Provider of the type {kind} needs an address, which `api_base` does not say")
    spec: dict[str, Json] = {"type": kind, "baseUrl": url}
    spec |= _place(kind, given, region, parameters, values)
    if prefix == "azure_ai" and spec.pop("apiVersion", ""):
        parameters.say("api_version", "NotNeeded", "the v1 API of a resource, which is asked, has no versions")
    spec["auth"] = authentication(kind, known, parameters, values, is_foreign=is_foreign)
    found = {name: value for name, value in spec.items() if value not in ("", None)}
    _check(found)
    return found


def _check(spec: dict[str, Json]) -> None:
    """Raises NotServed: no Provider can have such a spec. What is to be filled in yet is not looked at."""
    text = json.dumps(spec)
    if FILL_IN in text:
        return
    try:
        ProviderSpec.model_validate_json(text)
    except ValidationError as error:
        field = ".".join(str(each) for each in error.errors()[0]["loc"]) or "auth"
        raise NotServed(f"a Provider cannot have what becomes its `{field}`") from None  # its text may hold a secret


def _address(known: KnownProvider, parameters: Entry, values: Values) -> str:
    for key in ("api_base", "base_url"):
        found = values.plain(parameters.text(key), parameters.place(key))
        if found:
            return found
    return values.optional(known.base) or known.url


def _hosted(prefix: str, kind: ProviderTypeName, given: str) -> tuple[ProviderTypeName, str]:
    """What it is where the address tells: Foundry's resources, and servers of one's own at Hugging Face."""
    host = address.host_of(given) or ""
    if prefix == "azure_ai" and host.endswith(FOUNDRY):
        return "AzureOpenAI", f"https://{host}"
    if prefix == "azure_ai" and host:
        return "OpenAICompatible", f"https://{host}/v1"
    if prefix == "huggingface" and host not in ("", address.PUBLIC_HOSTS["HuggingFace"]):
        return "TGI", given
    return kind, given


FOUNDRY = (".services.ai.azure.com", ".openai.azure.com", ".cognitiveservices.azure.com")


def _place(kind: str, given: str, region: str, parameters: Entry, values: Values) -> dict[str, Json]:
    """Region, project and version of an account of a cloud."""

    def plain(*keys: str) -> str | None:
        found = [values.plain(parameters.text(key), parameters.place(key)) for key in keys]
        return next((each for each in found if each), None)

    if kind == "Bedrock":
        asked = plain("aws_region_name", "region_name")
        known = region or asked or values.optional("AWS_REGION_NAME") or values.optional("AWS_REGION")
        endpoint = plain("aws_bedrock_runtime_endpoint")
        return {"region": known or "us-west-2", **({"baseUrl": endpoint.rstrip("/")} if endpoint else {})}
    if kind == "VertexAI":
        project = plain("vertex_project", "vertex_ai_project") or values.optional("VERTEXAI_PROJECT")
        location = plain("vertex_location", "vertex_ai_location", "region_name") or values.optional("VERTEXAI_LOCATION")
        if project is None:
            values.findings.append(
                Finding(
                    parameters.place("vertex_project"), "ToDo", "no project is named", "set `project` of the Provider"
                )
            )
        return {"project": project or FILL_PROJECT, "region": location or "us-central1"}
    if kind == "AzureOpenAI":
        version = plain("api_version") or address.api_version(given) or values.optional("AZURE_API_VERSION")
        return {"apiVersion": version or ""}
    return {}


FILL_PROJECT = f"{FILL_IN}: the project"
