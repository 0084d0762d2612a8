"""The catalogue of errors as a page: `python -m data_plane.error_page`."""

import sys

from data_plane.errors import CATALOGUE

HEAD = """\
# Errors

What the gateway answers by itself. Every such response has the code in `x-isthmus-error` and, in
`x-isthmus-error-origin`, who has to act: `client`, `gateway` (its operator) or `upstream`. The body has the format of
the API that the client speaks, on REST routes that of RFC 9457. Once a stream has begun, its status cannot change: the
error is then the last event, in the format of the stream.

*Retry* says whether the same request may succeed later. Where it cannot and client libraries would still try, the
response has `x-should-retry: false`. `retry-after` is in seconds.

| Code | Status | Origin | Retry | What it means | What to do |
| --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The catalogue as Markdown: `docs/errors.md`."""
    return HEAD + "".join(
        f"| `{error.code}` | {error.status} | {error.origin} | {'yes' if error.is_retryable else 'no'} "
        f"| {error.meaning} | {error.remedy} |\n"
        for error in CATALOGUE
    )


if __name__ == "__main__":
    sys.stdout.write(page())
