"""Our connections as event loops take them: by their methods. asyncio's own class is left out of their ancestors.

A compiled class that inherits from an interpreted one has its attributes looked up by name, for each request anew.
"""

import asyncio
from typing import cast


def as_protocol(connection: object) -> asyncio.Protocol:
    """A connection that has the methods of an `asyncio.Protocol`."""
    return cast(asyncio.Protocol, connection)
