"""When something expires, as people write it: a date, a time, or a length of time from now."""

import re
from datetime import UTC, datetime, timedelta

import click

_LENGTH = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_FORMS = "must be like '90d', '12h', '2027-12-31' or '2027-12-31T12:00:00Z'"


def parse_expiry(written: str, now: datetime) -> str:
    """The time in UTC as the API takes it. A date means its end.

    Raises:
        click.BadParameter: it has another form.
    """
    if match := _LENGTH.fullmatch(written):
        return _text(now + timedelta(**{_UNITS[match[2]]: int(match[1])}))
    try:
        moment = datetime.fromisoformat(written)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
            moment += timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(_FORMS) from error
    return _text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def read_option(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """For `callback` of an option."""
    return None if value is None else parse_expiry(value, datetime.now(UTC))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
