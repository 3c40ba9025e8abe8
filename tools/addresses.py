"""An address as it may be shown: a user name, a password or a key that somebody put into it stays out."""

from __future__ import annotations

import re

_SECRETS = re.compile(r"(^[^/@]*//|^).*@|[?#].*$", re.DOTALL)
"""All before the last @, and all from the first ? or # on: a password may hold any character."""
LONGEST = 200


def shown_address(url: str) -> str:
    """Scheme, host, port and path of an address, or of what was given in place of one; at most 200 characters."""
    return _SECRETS.sub(lambda match: match[1] or "", url)[:LONGEST]
