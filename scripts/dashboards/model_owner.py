"""The dashboard of who answers for a model: its quality of service, and that of the targets behind it."""

from scripts.dashboards.panel import Dashboard, Panel, Row, Variable, namespaces, quantiles, rate

MODEL = Row(
    "Models, as callers see them",
    (
        Panel(
            "Requests",
            "Requests a second by model.",
            {"{{model}}": rate("isthmus_requests_total", "model")},
            "reqps",
            runbook="First look",
        ),
        Panel(
            "Requests that fail",
            "Share that ends in a 5xx or a 429.",
            {
                "{{model}}": rate("isthmus_requests_total", "model", '{replicas},status=~"5..|429"')
                + " / "
                + rate("isthmus_requests_total", "model")
            },
            "percentunit",
            alerts=("IsthmusErrorRatioHigh",),
        ),
        Panel(
            "Time to the first byte",
            "From a request's head; for a stream, its first token.",
            quantiles("isthmus_first_byte_seconds", "model", of=(0.5, 0.99)),
            "s",
            runbook="Slow answers",
        ),
        Panel(
            "Time of requests",
            "From a request's head to the end of its answer.",
            quantiles("isthmus_request_seconds", "model", of=(0.5, 0.99)),
            "s",
            runbook="Slow answers",
        ),
        Panel(
            "Tokens",
            "A minute, of all tenants, by bucket.",
            {"{{model}} {{bucket}}": "60 * " + rate("isthmus_tokens_total", "model, bucket")},
            runbook="Usage",
        ),
        Panel(
            "Cost",
            "USD an hour by model, as far as prices are known.",
            {"{{model}}": "3600e-9 * " + rate("isthmus_cost_nanousd_total", "model")},
            "currencyUSD",
            runbook="Usage",
        ),
        Panel(
            "Calls without a price",
            "A minute by target: the catalog has no price for it, so their cost is unknown.",
            {"{{target}}": "60 * " + rate("isthmus_unpriced_requests_total", "target")},
            runbook="Usage",
        ),
        Panel(
            "Who uses it",
            "Tokens a minute by tenant.",
            {"{{tenant}}": "60 * " + rate("isthmus_tokens_total", "tenant")},
            runbook="Usage",
        ),
    ),
)

OF_TARGETS = '{place},target=~"$target"'
TARGETS = Row(
    "Targets: where models are served",
    (
        Panel(
            "Tries",
            "A second by target and status; 0 is no answer.",
            {"{{target}} {{status}}": rate("isthmus_upstream_attempts_total", "target, status", OF_TARGETS)},
            "reqps",
            alerts=("IsthmusUpstreamFailing",),
        ),
        Panel(
            "Failing tries",
            "Share of the tries without an answer, or with a 5xx.",
            {"{{target}}": 'max by (target) (isthmus:upstream_failure_ratio:rate5m{{place},target=~"$target"})'},
            "percentunit",
            alerts=("IsthmusUpstreamFailing", "IsthmusProviderAuthFailed"),
        ),
        Panel(
            "Time of tries",
            "How long a try takes, to the end of its answer.",
            quantiles("isthmus_upstream_seconds", "target", OF_TARGETS, of=(0.5, 0.99)),
            "s",
            runbook="Slow answers",
        ),
    ),
)

MODEL_OWNER = Dashboard(
    "isthmus-model-owner",
    "Isthmus: model owner",
    "Models by their names, over all tenants that have one of this name; targets by provider and its model.",
    (
        namespaces(),
        Variable("model", "Model", 'label_values(isthmus_requests_total{namespace=~"$namespace",model!=""}, model)'),
        Variable("target", "Target", 'label_values(isthmus_upstream_attempts_total{namespace=~"$namespace"}, target)'),
    ),
    (MODEL, TARGETS),
    'namespace=~"$namespace",model=~"$model"',
)
