"""CorsPolicy: which web pages may call. Source: the CORS protocol of https://fetch.spec.whatwg.org (2026-11)."""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config_schemas.base import HeaderName
from config_schemas.policies.policy import Merge, Policy, PolicySpec

ANY = "*"
# What a preflight, which has neither credential nor body, already tells of its request.
TARGETS = ("Gateway", "Tenant", "Route", "Service")
USUAL_PORT = re.compile(r"http://.*:80|https://.*:443")

Origin = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\*|[a-z][a-z0-9+.-]*://((\*\.)?[a-z0-9_]([-a-z0-9_.]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?)$",
        max_length=300,
    ),
]
CorsMethod = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class CorsPolicySpec(PolicySpec):
    """Answers for browsers that ask whether a page of another origin may call.

    `https://*.example.com` stands for every name below `example.com`, not for `example.com`; `*` for all origins.
    `allowHeaders: ["*"]` allows whatever header a page asks for.
    """

    allow_origins: Annotated[tuple[Origin, ...], Field(min_length=1, max_length=64)]
    allow_methods: Annotated[tuple[CorsMethod, ...], Field(min_length=1, max_length=7)] = ("GET", "HEAD", "POST")
    allow_headers: Annotated[tuple[HeaderName, ...], Field(max_length=64)] = ()
    expose_headers: Annotated[tuple[HeaderName, ...], Field(max_length=64)] = ()
    allow_credentials: Literal["Refuse", "Allow"] = "Refuse"
    allow_private_network: Literal["Refuse", "Allow"] = "Refuse"
    max_age_seconds: Annotated[int, Field(ge=0, le=86400)] = 600

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.allow_credentials == "Allow" and ANY in self.allow_origins:
            raise ValueError(
                "`allowOrigins` must name origins with `allowCredentials: Allow`: '*' would let in all pages"
            )
        if self.allow_credentials == "Allow" and ANY in self.expose_headers:
            raise ValueError(
                "`exposeHeaders` must name headers with `allowCredentials: Allow`: browsers ignore '*' there"
            )
        for field, values in (
            ("allowOrigins", self.allow_origins),
            ("allowHeaders", self.allow_headers),
            ("exposeHeaders", self.expose_headers),
        ):
            if ANY in values and len(values) > 1:
                raise ValueError(f"`{field}`: '*' stands for all, and must stand alone")
        for origin in self.allow_origins:
            if USUAL_PORT.fullmatch(origin):
                raise ValueError(
                    f"`allowOrigins`: browsers leave out the usual port, so '{origin}' would match nothing"
                )
        return self

    @model_validator(mode="after")
    def _is_known_before_the_caller(self) -> Self:
        kinds = [ref.kind for ref in self.target_refs]
        if self.selector is not None:
            kinds.append(self.selector.kind)
        for kind in kinds:
            if kind not in TARGETS:
                raise ValueError(
                    f"a CorsPolicy cannot target {kind}: a browser's preflight names neither caller nor model; "
                    f"it can target {', '.join(TARGETS)}"
                )
        if any(ref.section_name is not None for ref in self.target_refs):
            raise ValueError("a CorsPolicy targets each part as a whole: `sectionName` is not known before the request")
        return self


class CorsPolicy(Policy):
    """Which web pages may call, by the CORS protocol of browsers."""

    KIND: ClassVar[str] = "CorsPolicy"
    PLURAL: ClassVar[str] = "corspolicies"
    MERGE: ClassVar[Merge] = "Override"

    kind: Literal["CorsPolicy"] = "CorsPolicy"
    spec: CorsPolicySpec
