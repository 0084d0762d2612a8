"""Resources as the data plane decodes them.

Generated from config_schemas by `python -m config_schemas.export`: do not edit.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Metadata(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)]
    tenant: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)] = "default"
    labels: Annotated[
        dict[
            Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?\Z", min_length=1, max_length=128)],
            Annotated[str, Meta(pattern=r"^[-A-Za-z0-9_./:@+]*\Z", max_length=128)],
        ],
        Meta(max_length=32),
    ] = {}
    generation: Annotated[int, Meta(ge=0)] = 0
    created_at: (
        Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z\Z", max_length=32)] | None
    ) = None
    revision: Annotated[int, Meta(ge=0)] = 0


class TenantSpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    display_name: Annotated[str, Meta(max_length=1024)] = ""


class Tenant(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["Tenant"] = "Tenant"
    spec: TenantSpec = TenantSpec()


class SecretSpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    data: Annotated[
        dict[
            Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]+\Z", min_length=1, max_length=128)],
            Annotated[str, Meta(min_length=1, max_length=65536)],
        ],
        Meta(min_length=1, max_length=32),
    ]
    description: Annotated[str, Meta(max_length=1024)] = ""

    def __repr__(self) -> str:
        return "SecretSpec(...)"


class Secret(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["Secret"] = "Secret"
    spec: SecretSpec


class Selector(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    match_labels: Annotated[
        dict[
            Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?\Z", min_length=1, max_length=128)],
            Annotated[str, Meta(pattern=r"^[-A-Za-z0-9_./:@+]*\Z", max_length=128)],
        ],
        Meta(max_length=32),
    ] = {}


class ClientAddress(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    trusted_proxies: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9a-fA-F:.]{2,39}(/[0-9]{1,3})?\Z", max_length=43)], ...],
        Meta(max_length=256),
    ] = ()
    header: Literal["XForwardedFor", "Forwarded", "XRealIp", "None"] = "XForwardedFor"
    forward: Literal["XForwarded", "Forwarded", "Both", "None"] = "XForwarded"


class PerAddress(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    connections: Annotated[int, Meta(ge=1, le=1000000)] | None = None
    requests_per_second: Annotated[int, Meta(ge=1, le=1000000)] | None = None
    burst: Annotated[int, Meta(ge=1, le=1000000)] | None = None
    ipv4_prefix_length: Annotated[int, Meta(ge=8, le=32)] = 32
    ipv6_prefix_length: Annotated[int, Meta(ge=16, le=128)] = 64
    exempt: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9a-fA-F:.]{2,39}(/[0-9]{1,3})?\Z", max_length=43)], ...],
        Meta(max_length=256),
    ] = ()


class CertificateReference(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)]


class ClientCertificates(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    mode: Literal["Off", "Optional", "Require"] = "Require"
    ca_pem: Annotated[str, Meta(max_length=65536)] = ""


class GatewayTls(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    certificate_refs: Annotated[tuple[CertificateReference, ...], Meta(max_length=64)] = ()
    min_version: Literal["TLS1.2", "TLS1.3"] = "TLS1.2"
    client_certificates: ClientCertificates | None = None


class SecretReference(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)]
    key: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]+\Z", min_length=1, max_length=128)] = "value"
    tenant: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)] | None = (
        None
    )


class SealedIds(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    secret_ref: SecretReference


class GatewaySpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    tenants: Selector = Selector()
    client_address: ClientAddress | None = None
    per_address: PerAddress | None = None
    tls: GatewayTls | None = None
    sealed_ids: SealedIds | None = None
    description: Annotated[str, Meta(max_length=1024)] = ""


class Gateway(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["Gateway"] = "Gateway"
    spec: GatewaySpec = GatewaySpec()


class TeamSpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    display_name: Annotated[str, Meta(max_length=1024)] = ""


class Team(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["Team"] = "Team"
    spec: TeamSpec = TeamSpec()


class ServiceEndpoint(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    host: Annotated[
        str, Meta(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])\Z", max_length=253)
    ]
    port: Annotated[int, Meta(ge=1, le=65535)]
    weight: Annotated[int, Meta(ge=0, le=1000)] = 1


class Reference(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)]
    tenant: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)] | None = (
        None
    )


class UpstreamTls(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    server_name: Annotated[str, Meta(pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", max_length=253)] | None = None
    ca_pem: Annotated[str, Meta(max_length=65536)] = ""
    verification: Literal["Full", "Insecure"] = "Full"
    client_certificate_ref: Reference | None = None


class VersionLink(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    rel: Literal["deprecation", "sunset", "successor-version"]
    href: Annotated[str, Meta(pattern=r"^(https?://|/)[!#-;=?-~]*\Z", max_length=1024)]


class ServiceVersion(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)]
    endpoints: Annotated[tuple[ServiceEndpoint, ...], Meta(max_length=256)] = ()
    base_path: Annotated[str, Meta(pattern=r"^(/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*\Z", max_length=512)] | None = None
    stage: Literal["Active", "Deprecated", "Retired"] = "Active"
    deprecated_at: (
        Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z\Z", max_length=32)] | None
    ) = None
    sunset_at: (
        Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z\Z", max_length=32)] | None
    ) = None
    successor: (
        Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)] | None
    ) = None
    links: Annotated[tuple[VersionLink, ...], Meta(max_length=8)] = ()


class Versioning(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    by: Literal["Path", "Header", "Query"]
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._~-]+\Z", max_length=128)] | None = None
    prefix: Annotated[str, Meta(pattern=r"^(/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*\Z", max_length=512)] = ""
    default: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)] | None = (
        None
    )
    on_unknown: Literal["Refuse", "Default"] = "Refuse"
    forward: Literal["Keep", "Strip"] = "Keep"


class ServiceSpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    endpoints: Annotated[tuple[ServiceEndpoint, ...], Meta(min_length=1, max_length=256)]
    tls: UpstreamTls | None = None
    host: Annotated[str, Meta(pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", max_length=253)] | None = None
    base_path: Annotated[str, Meta(pattern=r"^(/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*\Z", max_length=512)] = ""
    retry_stale: Literal["Idempotent", "Any"] = "Idempotent"
    versions: Annotated[tuple[ServiceVersion, ...], Meta(max_length=32)] = ()
    versioning: Versioning | None = None
    description: Annotated[str, Meta(max_length=1024)] = ""


class Service(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["Service"] = "Service"
    spec: ServiceSpec


class OAuthSettings(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    token_url: Annotated[str, Meta(pattern=r'^https?://[!-"$->A-~]+\Z', max_length=1024)]
    client_id: Annotated[str, Meta(pattern=r"^[!-~]+\Z", max_length=1024)]
    scopes: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[!#-\[\]-~]+\Z", max_length=256)], ...], Meta(max_length=32)
    ] = ()
    audience: Annotated[str, Meta(pattern=r"^[!-~]+\Z", max_length=1024)] | None = None
    resource: Annotated[str, Meta(pattern=r"^[!-~]+\Z", max_length=1024)] | None = None
    client_authentication: Literal["Basic", "Post"] = "Basic"


class GoogleSettings(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    scopes: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[!#-\[\]-~]+\Z", max_length=256)], ...], Meta(max_length=32)
    ] = ()
    credentials_file: (
        Annotated[str, Meta(pattern=r"^(/var)?/run(/[.]?[A-Za-z0-9_-][A-Za-z0-9._-]*)+\Z", max_length=512)] | None
    ) = None


class AzureSettings(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    tenant_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*\Z", max_length=128)] | None = None
    client_id: Annotated[str, Meta(pattern=r"^[!-~]+\Z", max_length=1024)] | None = None
    scope: Annotated[str, Meta(pattern=r"^[!#-\[\]-~]+\Z", max_length=256)] = (
        "https://cognitiveservices.azure.com/.default"
    )
    authority_url: Annotated[str, Meta(pattern=r'^https?://[!-"$->A-~]+\Z', max_length=1024)] | None = None
    token_file: (
        Annotated[str, Meta(pattern=r"^(/var)?/run(/[.]?[A-Za-z0-9_-][A-Za-z0-9._-]*)+\Z", max_length=512)] | None
    ) = None


class AwsSettings(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    keys_ref: Reference | None = None
    role_arn: (
        Annotated[str, Meta(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+\Z", max_length=512)]
        | None
    ) = None
    session_name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+=,.@_-]{2,64}\Z", max_length=64)] = "isthmus"
    external_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+=,.@:/_-]{2,1224}\Z", max_length=1224)] | None = None
    token_file: (
        Annotated[str, Meta(pattern=r"^(/var)?/run(/[.]?[A-Za-z0-9_-][A-Za-z0-9._-]*)+\Z", max_length=512)] | None
    ) = None
    sts_url: Annotated[str, Meta(pattern=r'^https?://[!-"$->A-~]+\Z', max_length=1024)] | None = None
    service: Annotated[str, Meta(pattern=r"^[a-z0-9-]+\Z", max_length=64)] = "bedrock"


class ProviderAuth(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    type: Literal[
        "ApiKey",
        "None",
        "OAuthClient",
        "GoogleServiceAccount",
        "GoogleWorkloadIdentity",
        "AzureClientSecret",
        "AzureWorkloadIdentity",
        "AwsKeys",
        "AwsWorkloadIdentity",
    ] = "ApiKey"
    secret_ref: SecretReference | None = None
    secret_refs: Annotated[tuple[SecretReference, ...], Meta(max_length=16)] = ()
    header: Annotated[str, Meta(pattern=r"^[a-z0-9!#$%&'*+.^_`|~-]+\Z", max_length=128)] | None = None
    cooldown_seconds: Annotated[int, Meta(ge=1, le=3600)] | None = None
    oauth: OAuthSettings | None = None
    google: GoogleSettings | None = None
    azure: AzureSettings | None = None
    aws: AwsSettings | None = None


class ProviderSpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    type: Literal[
        "OpenAI",
        "Anthropic",
        "Gemini",
        "OpenAICompatible",
        "AzureOpenAI",
        "Bedrock",
        "Cerebras",
        "Cohere",
        "Databricks",
        "DeepSeek",
        "Fireworks",
        "Groq",
        "HuggingFace",
        "LlamaCpp",
        "LMStudio",
        "Mistral",
        "NvidiaNIM",
        "Ollama",
        "OpenRouter",
        "Perplexity",
        "SGLang",
        "TGI",
        "Together",
        "VertexAI",
        "VLLM",
        "XAI",
    ]
    base_url: Annotated[str, Meta(pattern=r'^(https?://[!-"$->A-~]+)?\Z', max_length=1024)] = ""
    region: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9:._-]*)?\Z", max_length=128)] = ""
    project: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9:._-]*)?\Z", max_length=128)] = ""
    api_version: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9:._-]*)?\Z", max_length=128)] = ""
    auth: ProviderAuth = ProviderAuth()
    tls: UpstreamTls | None = None
    description: Annotated[str, Meta(max_length=1024)] = ""


class Provider(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["Provider"] = "Provider"
    spec: ProviderSpec


class ModelMatch(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    type: Literal["Exact", "Prefix"] = "Exact"
    value: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9._:/@]*[A-Za-z0-9])?\Z", max_length=128)]


class Capabilities(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    context_tokens: Annotated[int, Meta(ge=1, le=1000000000)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=1, le=1000000000)] | None = None
    reasoning: Literal["None", "Effort", "Budget", "Adaptive"] | None = None
    json_schema: Literal["Supported", "Unsupported"] | None = None
    sampling: Literal["Supported", "Unsupported"] | None = None
    prefill: Literal["Supported", "Unsupported"] | None = None
    max_completion_tokens: Literal["Supported", "Unsupported"] | None = None
    developer_role: Literal["Supported", "Unsupported"] | None = None
    later_system: Literal["Supported", "Unsupported"] | None = None
    unsigned_calls: Literal["Supported", "Unsupported"] | None = None


class PriceTier(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    above_tokens: Annotated[int, Meta(ge=1, le=1000000000)]
    per_million_tokens: Annotated[
        dict[
            Literal[
                "inputUncached",
                "cacheRead",
                "cacheWrite5m",
                "cacheWrite1h",
                "reasoning",
                "output",
                "inputAudio",
                "outputAudio",
                "inputImage",
            ],
            Annotated[str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?\Z", max_length=16)],
        ],
        Meta(min_length=1, max_length=9),
    ]


class PricePeriod(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    valid_from: (
        Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z\Z", max_length=32)] | None
    ) = None
    valid_until: (
        Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z\Z", max_length=32)] | None
    ) = None
    per_million_tokens: Annotated[
        dict[
            Literal[
                "inputUncached",
                "cacheRead",
                "cacheWrite5m",
                "cacheWrite1h",
                "reasoning",
                "output",
                "inputAudio",
                "outputAudio",
                "inputImage",
            ],
            Annotated[str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?\Z", max_length=16)],
        ],
        Meta(min_length=1, max_length=9),
    ]
    tiers: Annotated[tuple[PriceTier, ...], Meta(max_length=8)] = ()
    per_thousand_requests: Annotated[str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?\Z", max_length=16)] | None = None


class CatalogEntrySpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    model: ModelMatch
    provider_types: Annotated[
        tuple[
            Literal[
                "OpenAI",
                "Anthropic",
                "Gemini",
                "OpenAICompatible",
                "AzureOpenAI",
                "Bedrock",
                "Cerebras",
                "Cohere",
                "Databricks",
                "DeepSeek",
                "Fireworks",
                "Groq",
                "HuggingFace",
                "LlamaCpp",
                "LMStudio",
                "Mistral",
                "NvidiaNIM",
                "Ollama",
                "OpenRouter",
                "Perplexity",
                "SGLang",
                "TGI",
                "Together",
                "VertexAI",
                "VLLM",
                "XAI",
            ],
            ...,
        ],
        Meta(max_length=32),
    ] = ()
    provider_refs: Annotated[tuple[Reference, ...], Meta(max_length=32)] = ()
    known_as: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9._:/@]*[A-Za-z0-9])?\Z", max_length=128)] | None = (
        None
    )
    capabilities: Capabilities = Capabilities()
    pricing: Literal["Catalog", "Own", "Free"] = "Catalog"
    prices: Annotated[tuple[PricePeriod, ...], Meta(max_length=64)] = ()
    description: Annotated[str, Meta(max_length=1024)] = ""


class CatalogEntry(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["CatalogEntry"] = "CatalogEntry"
    spec: CatalogEntrySpec


class ModelTarget(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    provider_ref: Reference
    model: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9._:/@]*[A-Za-z0-9])?\Z", max_length=128)] | None = None
    region: Annotated[str, Meta(pattern=r"^[a-z0-9-]*\Z", max_length=64)] = ""
    weight: Annotated[int, Meta(ge=0, le=1000)] = 1


class Version(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)]
    weight: Annotated[int, Meta(ge=0, le=1000)] = 1
    targets: Annotated[tuple[ModelTarget, ...], Meta(min_length=1, max_length=32)]
    description: Annotated[str, Meta(max_length=1024)] = ""


class Stickiness(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    by: Literal["Application", "Header"]
    header: Annotated[str, Meta(pattern=r"^[a-z0-9!#$%&'*+.^_`|~-]+\Z", max_length=128)] | None = None


class ModelSpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    model_name: (
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9._:/@]*[A-Za-z0-9])?\Z", max_length=128)] | None
    ) = None
    aliases: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9._:/@]*[A-Za-z0-9])?\Z", max_length=128)], ...],
        Meta(max_length=32),
    ] = ()
    versions: Annotated[tuple[Version, ...], Meta(min_length=1, max_length=32)]
    stickiness: Stickiness | None = None
    description: Annotated[str, Meta(max_length=1024)] = ""


class ModelResource(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["Model"] = "Model"
    spec: ModelSpec


class ApplicationSpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    team_ref: Reference | None = None
    display_name: Annotated[str, Meta(max_length=1024)] = ""
    allowed_models: (
        Annotated[
            tuple[Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)], ...],
            Meta(max_length=1024),
        ]
        | None
    ) = None
    allowed_routes: (
        Annotated[
            tuple[Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)], ...],
            Meta(max_length=1024),
        ]
        | None
    ) = None


class Application(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["Application"] = "Application"
    spec: ApplicationSpec = ApplicationSpec()


class CredentialSpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    application_ref: Reference
    type: Literal["ApiKey"] = "ApiKey"
    hash: Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}\Z")]
    state: Literal["Active", "Revoked"] = "Active"
    expires_at: (
        Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z\Z", max_length=32)] | None
    ) = None
    description: Annotated[str, Meta(max_length=1024)] = ""


class Credential(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["Credential"] = "Credential"
    spec: CredentialSpec


class PathMatch(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    type: Literal["Exact", "Prefix", "Template"] = "Prefix"
    value: Annotated[str, Meta(pattern=r"^/[A-Za-z0-9\-._~!$&'()*+,;=:@%/{}]*\Z", max_length=1024)] = "/"


class HeaderMatch(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    name: Annotated[str, Meta(pattern=r"^[a-z0-9!#$%&'*+.^_`|~-]+\Z", max_length=128)]
    value: Annotated[str, Meta(pattern=r"^[\t\x20-\x7e]*\Z", max_length=4096)]


class ValueMatch(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._~-]+\Z", max_length=128)]
    value: Annotated[str, Meta(pattern=r"^[\t\x20-\x7e]*\Z", max_length=4096)]


class RouteMatch(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    path: PathMatch = PathMatch()
    methods: Annotated[
        tuple[Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], ...], Meta(max_length=7)
    ] = ()
    headers: Annotated[tuple[HeaderMatch, ...], Meta(max_length=8)] = ()
    query: Annotated[tuple[ValueMatch, ...], Meta(max_length=8)] = ()


class Authentication(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    methods: Annotated[tuple[Literal["ApiKey", "Anonymous"], ...], Meta(min_length=1, max_length=2)] = ("ApiKey",)
    key_in_query: Literal["Refuse", "Allow"] = "Refuse"


class ModelTargets(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    refs: Annotated[tuple[Reference, ...], Meta(max_length=256)] = ()
    match_labels: (
        Annotated[
            dict[
                Annotated[
                    str, Meta(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?\Z", min_length=1, max_length=128)
                ],
                Annotated[str, Meta(pattern=r"^[-A-Za-z0-9_./:@+]*\Z", max_length=128)],
            ],
            Meta(max_length=32),
        ]
        | None
    ) = None
    client_apis: Annotated[
        tuple[Literal["OpenAI", "Anthropic", "Gemini", "Cohere"], ...], Meta(min_length=1, max_length=4)
    ] = (
        "OpenAI",
        "Anthropic",
        "Gemini",
        "Cohere",
    )
    lossy: Literal["Refuse", "Allow"] = "Refuse"
    cost_header: Literal["Hide", "Show"] = "Hide"


class PathRewrite(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    type: Literal["ReplacePrefix", "ReplaceFull", "Template"]
    value: Annotated[str, Meta(pattern=r"^/[A-Za-z0-9\-._~!$&'()*+,;=:@/{}]*\Z", max_length=1024)]


class Redirect(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    scheme: Literal["http", "https"] | None = None
    hostname: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", max_length=253)] | None = None
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    path: PathRewrite | None = None
    query: Literal["Keep", "Drop"] = "Keep"
    status_code: Literal[301, 302, 303, 307, 308] = 302


class HeaderField(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    name: Annotated[str, Meta(pattern=r"^[a-z0-9!#$%&'*+.^_`|~-]+\Z", max_length=128)]
    value: Annotated[str, Meta(pattern=r"^[\t\x20-\x7e]*\Z", max_length=4096)]


class StaticAnswer(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    status: Annotated[int, Meta(ge=200, le=599)] = 200
    headers: Annotated[tuple[HeaderField, ...], Meta(max_length=32)] = ()
    body: Annotated[str, Meta(max_length=65536)] = ""
    content_type: Annotated[str, Meta(pattern=r"^[\x21-\x7e][\x20-\x7e]*\Z", max_length=256)] = (
        "text/plain; charset=utf-8"
    )


class QueryField(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._~-]+\Z", max_length=128)]
    value: Annotated[str, Meta(pattern=r"^[\t\x20-\x7e]*\Z", max_length=4096)]


class QueryChanges(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    set: Annotated[tuple[QueryField, ...], Meta(max_length=16)] = ()
    add: Annotated[tuple[QueryField, ...], Meta(max_length=16)] = ()
    remove: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9._~-]+\Z", max_length=128)], ...], Meta(max_length=16)
    ] = ()


class Rewrite(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    path: PathRewrite | None = None
    hostname: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", max_length=253)] | None = None
    query: QueryChanges | None = None


class Upgrade(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    protocol: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._/+-]*\Z", max_length=64)] = "websocket"
    origins: Annotated[
        tuple[
            Annotated[
                str,
                Meta(pattern=r"^(\*|https?://(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?)\Z", max_length=280),
            ],
            ...,
        ],
        Meta(max_length=64),
    ] = ()
    idle_seconds: Annotated[int, Meta(ge=1, le=86400)] = 300
    total_seconds: Annotated[int, Meta(ge=1, le=604800)] = 86400
    max_bytes: Annotated[int, Meta(ge=1, le=1125899906842624)] = 1073741824
    max_connections: Annotated[int, Meta(ge=1, le=1000000)] = 1000


class RouteSpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    gateway_refs: Annotated[tuple[Reference, ...], Meta(max_length=16)] = ()
    hostnames: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", max_length=253)], ...],
        Meta(max_length=16),
    ] = ()
    matches: Annotated[tuple[RouteMatch, ...], Meta(min_length=1, max_length=16)] = (RouteMatch(),)
    authentication: Authentication = Authentication()
    models: ModelTargets | None = None
    service_ref: Reference | None = None
    provider_ref: Reference | None = None
    redirect: Redirect | None = None
    respond: StaticAnswer | None = None
    rewrite: Rewrite | None = None
    upgrades: Annotated[tuple[Upgrade, ...], Meta(max_length=8)] = ()
    on_revocation: Literal["Finish", "Cut"] = "Finish"
    description: Annotated[str, Meta(max_length=1024)] = ""


class Route(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    kind: Literal["Route"] = "Route"
    spec: RouteSpec


class TargetReference(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    kind: Literal["Gateway", "Tenant", "Team", "Route", "Service", "Model", "Application", "Credential"]
    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)]
    section_name: (
        Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", min_length=1, max_length=63)] | None
    ) = None


class TargetSelector(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    kind: Literal["Gateway", "Tenant", "Team", "Route", "Service", "Model", "Application", "Credential"]
    match_labels: Annotated[
        dict[
            Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?\Z", min_length=1, max_length=128)],
            Annotated[str, Meta(pattern=r"^[-A-Za-z0-9_./:@+]*\Z", max_length=128)],
        ],
        Meta(max_length=32),
    ] = {}


class TimeoutPolicySpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    target_refs: Annotated[tuple[TargetReference, ...], Meta(max_length=64)] = ()
    selector: TargetSelector | None = None
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    mode: Literal["Enforce", "Shadow"] = "Enforce"
    failure_mode: Literal["FailClosed", "FailOpen"] = "FailClosed"
    locked: Literal["Open", "Locked"] = "Open"
    request_seconds: Annotated[int, Meta(ge=1, le=86400)] | None = None
    connect_seconds: Annotated[int, Meta(ge=1, le=86400)] | None = None
    first_byte_seconds: Annotated[int, Meta(ge=1, le=86400)] | None = None
    idle_seconds: Annotated[int, Meta(ge=1, le=86400)] | None = None


class TimeoutPolicy(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    spec: TimeoutPolicySpec
    kind: Literal["TimeoutPolicy"] = "TimeoutPolicy"


class HeaderChanges(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    set: Annotated[tuple[HeaderField, ...], Meta(max_length=32)] = ()
    add: Annotated[tuple[HeaderField, ...], Meta(max_length=32)] = ()
    remove: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9!#$%&'*+.^_`|~-]+\Z", max_length=128)], ...], Meta(max_length=32)
    ] = ()


class HeaderPolicySpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    target_refs: Annotated[tuple[TargetReference, ...], Meta(max_length=64)] = ()
    selector: TargetSelector | None = None
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    mode: Literal["Enforce", "Shadow"] = "Enforce"
    failure_mode: Literal["FailClosed", "FailOpen"] = "FailClosed"
    locked: Literal["Open", "Locked"] = "Open"
    request: HeaderChanges = HeaderChanges()
    response: HeaderChanges = HeaderChanges()


class HeaderPolicy(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    spec: HeaderPolicySpec
    kind: Literal["HeaderPolicy"] = "HeaderPolicy"


class AddressPolicySpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    target_refs: Annotated[tuple[TargetReference, ...], Meta(max_length=64)] = ()
    selector: TargetSelector | None = None
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    mode: Literal["Enforce", "Shadow"] = "Enforce"
    failure_mode: Literal["FailClosed", "FailOpen"] = "FailClosed"
    locked: Literal["Open", "Locked"] = "Open"
    allow: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9a-fA-F:.]{2,39}(/[0-9]{1,3})?\Z", max_length=43)], ...],
        Meta(max_length=1000),
    ] = ()
    deny: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9a-fA-F:.]{2,39}(/[0-9]{1,3})?\Z", max_length=43)], ...],
        Meta(max_length=1000),
    ] = ()


class AddressPolicy(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    spec: AddressPolicySpec
    kind: Literal["AddressPolicy"] = "AddressPolicy"


class CorsPolicySpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    target_refs: Annotated[tuple[TargetReference, ...], Meta(max_length=64)] = ()
    selector: TargetSelector | None = None
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    mode: Literal["Enforce", "Shadow"] = "Enforce"
    failure_mode: Literal["FailClosed", "FailOpen"] = "FailClosed"
    locked: Literal["Open", "Locked"] = "Open"
    allow_origins: Annotated[
        tuple[
            Annotated[
                str,
                Meta(
                    pattern=r"^(\*|[a-z][a-z0-9+.-]*://((\*\.)?[a-z0-9_]([-a-z0-9_.]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?)\Z",
                    max_length=300,
                ),
            ],
            ...,
        ],
        Meta(min_length=1, max_length=64),
    ]
    allow_methods: Annotated[
        tuple[Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], ...],
        Meta(min_length=1, max_length=7),
    ] = (
        "GET",
        "HEAD",
        "POST",
    )
    allow_headers: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9!#$%&'*+.^_`|~-]+\Z", max_length=128)], ...], Meta(max_length=64)
    ] = ()
    expose_headers: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9!#$%&'*+.^_`|~-]+\Z", max_length=128)], ...], Meta(max_length=64)
    ] = ()
    allow_credentials: Literal["Refuse", "Allow"] = "Refuse"
    allow_private_network: Literal["Refuse", "Allow"] = "Refuse"
    max_age_seconds: Annotated[int, Meta(ge=0, le=86400)] = 600


class CorsPolicy(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    spec: CorsPolicySpec
    kind: Literal["CorsPolicy"] = "CorsPolicy"


class OpenApiContract(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    document: Annotated[str, Meta(min_length=2, max_length=1000000)]
    base_path: Annotated[str, Meta(pattern=r"^(/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*\Z", max_length=512)] | None = None
    unknown_operations: Literal["Refuse", "Allow"] = "Refuse"


class ValidationPolicySpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    target_refs: Annotated[tuple[TargetReference, ...], Meta(max_length=64)] = ()
    selector: TargetSelector | None = None
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    mode: Literal["Enforce", "Shadow"] = "Enforce"
    failure_mode: Literal["FailClosed", "FailOpen"] = "FailClosed"
    locked: Literal["Open", "Locked"] = "Open"
    openapi: OpenApiContract | None = None
    request_schema: Annotated[str, Meta(min_length=2, max_length=1000000)] | None = None
    response_schema: Annotated[str, Meta(min_length=2, max_length=1000000)] | None = None
    requests: Literal["Enforce", "Shadow", "Off"] = "Enforce"
    responses: Literal["Enforce", "Shadow", "Off"] = "Off"
    max_body_bytes: Annotated[int, Meta(ge=1, le=4194304)] = 1048576


class ValidationPolicy(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    spec: ValidationPolicySpec
    kind: Literal["ValidationPolicy"] = "ValidationPolicy"


class StreamPolicySpec(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    target_refs: Annotated[tuple[TargetReference, ...], Meta(max_length=64)] = ()
    selector: TargetSelector | None = None
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    mode: Literal["Enforce", "Shadow"] = "Enforce"
    failure_mode: Literal["FailClosed", "FailOpen"] = "FailClosed"
    locked: Literal["Open", "Locked"] = "Open"
    commit_after_seconds: Annotated[int, Meta(ge=0, le=3600)] = 15
    keep_alive_seconds: Annotated[int, Meta(ge=0, le=3600)] = 15
    on_client_gone: Literal["Cancel", "Drain"] = "Cancel"
    drain_seconds: Annotated[int, Meta(ge=1, le=3600)] = 60


class StreamPolicy(Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    api_version: Literal["isthmus.dev/v1"] = "isthmus.dev/v1"
    metadata: Metadata
    spec: StreamPolicySpec
    kind: Literal["StreamPolicy"] = "StreamPolicy"


Resource = (
    Tenant
    | Secret
    | Gateway
    | Team
    | Service
    | Provider
    | CatalogEntry
    | ModelResource
    | Application
    | Credential
    | Route
    | TimeoutPolicy
    | HeaderPolicy
    | AddressPolicy
    | CorsPolicy
    | ValidationPolicy
    | StreamPolicy
)

STRUCTS: dict[str, type[Resource]] = {
    "Tenant": Tenant,
    "Secret": Secret,
    "Gateway": Gateway,
    "Team": Team,
    "Service": Service,
    "Provider": Provider,
    "CatalogEntry": CatalogEntry,
    "Model": ModelResource,
    "Application": Application,
    "Credential": Credential,
    "Route": Route,
    "TimeoutPolicy": TimeoutPolicy,
    "HeaderPolicy": HeaderPolicy,
    "AddressPolicy": AddressPolicy,
    "CorsPolicy": CorsPolicy,
    "ValidationPolicy": ValidationPolicy,
    "StreamPolicy": StreamPolicy,
}
