"""`isthmus catalog`: what is known of models, without a control plane. CatalogEntries are not in it."""

from collections.abc import Iterator
from itertools import starmap
from typing import get_args

import click

from config_schemas.catalog.family import sources_of
from config_schemas.catalog.lookup import CatalogModel, Known, look_up, provider_file
from config_schemas.catalog.price import Period
from config_schemas.catalog.provider import CATALOG_IDS, ROUTED_PREFIX, wire_api
from config_schemas.routing.provider import ProviderTypeName
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.invocation import output_option
from control_plane.cli.output import Json, print_documents, print_table

SELLERS = tuple(sorted((*CATALOG_IDS, *ROUTED_PREFIX)))  # whose prices are known
TYPES = tuple(sorted(get_args(ProviderTypeName)))
SHOWN = ("inputUncached", "cacheRead", "cacheWrite5m", "output")
provider_option = click.option(
    "-p", "--provider", "kind", type=click.Choice(TYPES), help="The type of the Provider. [default: all that know it]"
)


@click.group()
def catalog() -> None:
    """Show what is known of models: context, capabilities, prices.

    This is the built-in catalog. It knows models by the names that their providers have for them; what a CatalogEntry
    says goes before it.
    """


@catalog.command("list")
@click.argument("text", default="")
@provider_option
@output_option("table", "json")
def list_models(text: str, kind: str | None, output: str) -> None:
    """List the models that have a price, all or those with a text in their names.

    Prices are in USD per million tokens.
    """
    found = [
        (each, model)
        for each in ((kind,) if kind is not None else SELLERS)
        if each in CATALOG_IDS
        for model in provider_file(CATALOG_IDS[each])
        if text.lower() in model.id.lower()
    ]
    if output == "json":
        print_documents([_document(each, model.id, look_up(each, model.id)) for each, model in found], output)
    elif found:
        print_table(("PROVIDER", "MODEL", "CONTEXT", "INPUT", "CACHED", "WRITTEN", "OUTPUT"), starmap(_row, found))
    else:
        click.echo(f"no model has '{text}' in its name", err=True)


@catalog.command()
@click.argument("model")
@provider_option
@output_option("table", "json")
def show(model: str, kind: str | None, output: str) -> None:
    """Show one model, by the name that its provider has for it."""
    asked = (kind,) if kind is not None else SELLERS
    known = [(each, found) for each in asked if _is_known(found := look_up(each, model), is_named=kind is not None)]
    if not known:
        raise CliError(
            f"nothing is known of '{model}'; `isthmus catalog list` has the names, a CatalogEntry says what is missing",
            ExitCode.NOT_FOUND,
        )
    documents = [_document(each, model, found) for each, found in known]
    if output == "json":
        print_documents(documents, output)
        return
    for number, document in enumerate(documents):
        if number:
            click.echo()
        _print(document)


def _is_known(known: Known, *, is_named: bool) -> bool:
    return known.priced is not None or (is_named and known.facts.is_known)


def _row(kind: str, model: CatalogModel) -> tuple[object, ...]:
    rates = model.price.periods[-1].rates if model.price.periods else {}
    return (kind, model.id, model.context_tokens or None, *(rates.get(each) for each in SHOWN))


def _document(kind: str, name: str, known: Known) -> Json:
    """None: not known."""
    facts, priced = known.facts, known.priced
    return {
        "providerType": kind,
        "model": name,
        "makersName": known.name,
        "kind": facts.kind,
        "wireApi": wire_api(kind, known.name) if facts.kind == "Chat" else None,
        "contextTokens": known.context_tokens or None,
        "maxOutputTokens": facts.max_output_tokens or None,
        "reasoning": facts.reasoning if facts.is_known else None,
        "tools": facts.has_tools,
        "vision": facts.has_vision,
        "audio": facts.has_audio,
        "jsonSchema": facts.takes_json_schema if facts.is_known else None,
        "sampling": facts.takes_sampling if facts.is_known else None,
        "prefill": facts.takes_prefill if facts.is_known else None,
        "priceVersion": priced.price.version if priced is not None else None,
        "pricedAs": f"{priced.provider}/{priced.id}" if priced is not None else None,
        "prices": [_price(each) for each in priced.price.periods if each.rates] if priced is not None else None,
        "sources": list(sources_of(known.name)),
    }


def _price(period: Period) -> Json:
    extras = {
        "validFrom": period.valid_from,
        "daily": list(period.daily) if period.daily is not None else None,
        "perThousandRequests": period.per_thousand_requests,
        "perThousandSearches": period.per_thousand_searches,
        "tiers": [{"aboveTokens": each.above_tokens, "perMillionTokens": dict(each.rates)} for each in period.tiers],
    }
    return {"perMillionTokens": dict(period.rates), **{name: value for name, value in extras.items() if value}}


def _print(document: Json) -> None:
    rows = [(name, _text(value)) for name, value in document.items() if name not in ("prices", "sources")]
    rows += [("source", each) for each in document["sources"]]
    print_table(("FIELD", "VALUE"), [*rows, *_price_rows(document["prices"] or ())])


def _price_rows(prices: list[Json] | tuple[()]) -> Iterator[tuple[str, str]]:
    for price in prices:
        when = " ".join(
            (
                *((f"from {price['validFrom'][:10]}",) if "validFrom" in price else ()),
                *((f"daily {'-'.join(price['daily'])} UTC",) if "daily" in price else ()),
            )
        )
        yield from _rate_rows(price["perMillionTokens"], when)
        for tier in price.get("tiers", ()):
            yield from _rate_rows(tier["perMillionTokens"], f"{when} above {tier['aboveTokens']} tokens".strip())
        for name in ("perThousandRequests", "perThousandSearches"):
            if name in price:
                yield name, f"${price[name]}"


def _rate_rows(rates: Json, when: str) -> Iterator[tuple[str, str]]:
    for bucket, usd in rates.items():
        yield bucket, f"${usd} per million{f' ({when})' if when else ''}"


def _text(value: object) -> str:
    if value is None:
        return "unknown"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
