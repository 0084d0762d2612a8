"""The dashboard of a team that calls models and APIs through the gateway."""

from scripts.dashboards.panel import Dashboard, Panel, Row, Variable, namespaces, quantiles, rate

CALLS = Row(
    "Calls by route",
    (
        Panel(
            "Requests",
            "Requests a second on the tenant's routes.",
            {"{{route}}": rate("isthmus_requests_total", "route")},
            "reqps",
            runbook="First look",
        ),
        Panel(
            "Answers by status",
            "Requests a second by the status that callers saw.",
            {"{{status}}": rate("isthmus_requests_total", "status")},
            "reqps",
            alerts=("IsthmusErrorRatioHigh",),
        ),
        Panel(
            "Errors",
            "A second, by code and by who has to act: the caller, the gateway's operator or the upstream.",
            {"{{route}} {{code}} ({{origin}})": rate("isthmus_errors_total", "route, code, origin")},
            "reqps",
            alerts=("IsthmusNotProgrammed", "IsthmusProviderAuthFailed"),
            runbook="Errors that callers see",
        ),
        Panel(
            "Time of requests",
            "From a request's head to the end of its answer.",
            quantiles("isthmus_request_seconds", "route", of=(0.5, 0.99)),
            "s",
            runbook="Slow answers",
        ),
        Panel(
            "Time to the first byte",
            "What a reader of a stream waits for.",
            quantiles("isthmus_first_byte_seconds", "route", of=(0.5, 0.99)),
            "s",
            runbook="Slow answers",
        ),
        Panel(
            "Bytes",
            "Of bodies, a second.",
            {
                "{{route}} in": rate("isthmus_received_bytes_total", "route"),
                "{{route}} out": rate("isthmus_sent_bytes_total", "route"),
            },
            "Bps",
            runbook="Usage",
        ),
    ),
)

TOKENS = Row(
    "Tokens",
    (
        Panel(
            "Tokens by application",
            "A minute. The buckets are disjoint, so they add up.",
            {
                "{{application}}": "60 * "
                + rate("isthmus_tokens_total", "application", '{place},tenant=~"$tenant",application=~"$application"')
            },
            runbook="Usage",
        ),
        Panel(
            "Tokens by model",
            "A minute.",
            {
                "{{model}}": "60 * "
                + rate("isthmus_tokens_total", "model", '{place},tenant=~"$tenant",application=~"$application"')
            },
            runbook="Usage",
        ),
        Panel(
            "Cost by model",
            "USD an hour, as far as prices are known.",
            {
                "{{model}}": "3600e-9 * "
                + rate("isthmus_cost_nanousd_total", "model", '{place},tenant=~"$tenant",application=~"$application"')
            },
            "currencyUSD",
            runbook="Usage",
        ),
        Panel(
            "Tokens by bucket",
            "A minute: input, output, and what came from a provider's cache.",
            {
                "{{bucket}}": "60 * "
                + rate("isthmus_tokens_total", "bucket", '{place},tenant=~"$tenant",application=~"$application"')
            },
            runbook="Usage",
        ),
    ),
)

TENANT = Dashboard(
    "isthmus-tenant",
    "Isthmus: tenant",
    "What one tenant's routes and applications do. Requests are known by route, tokens by application.",
    (
        namespaces(),
        Variable(
            "tenant",
            "Tenant",
            'label_values(isthmus_requests_total{namespace=~"$namespace"}, route)',
            r"/^([^\/]+)\//",
            is_multiple=False,
        ),
        Variable(
            "application",
            "Application (tokens)",
            'label_values(isthmus_tokens_total{namespace=~"$namespace",tenant=~"$tenant"}, application)',
        ),
    ),
    (CALLS, TOKENS),
    'namespace=~"$namespace",route=~"$tenant/.*"',
)
