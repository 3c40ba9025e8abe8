"""What every route shares: the services behind the app, who is calling, and what a valid resource id is."""

import re
from typing import Annotated, Any

from fastapi import Depends, Request

from local_platform.api.errors import ApiError, invalid
from local_platform.services import Services
from local_platform.settings import ACCOUNT

# 1-63 characters of a-z, 0-9 and -, starting with a letter, not ending in - (Fireworks' rule for resource ids).
_RESOURCE_ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def require_key(request: Request) -> None:
    """Any non-empty key is good on one's own machine; none at all is a 401, as on Fireworks."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise ApiError("UNAUTHENTICATED", "no API key: send the header 'Authorization: Bearer <any text>'")


def require_account(account: str) -> None:
    """There is one account here; another one has nothing."""
    if f"accounts/{account}" != ACCOUNT:
        raise ApiError("NOT_FOUND", f"accounts/{account} not found: this platform has the account 'local' alone")


ServicesDep = Annotated[Services, Depends(_services)]
Body = dict[str, Any]


def new_id(text: Any, what: str) -> str:
    """A client-chosen resource id, checked. Raises ApiError."""
    if not isinstance(text, str) or not _RESOURCE_ID.fullmatch(text):
        raise invalid(
            f"{what}: expected 1-63 characters a-z, 0-9 or '-', starting with a letter and not ending in '-', got {text!r}"
        )
    return text


def full_name(value: Any, collection: str, what: str) -> str:
    """A reference to a resource of this account, as a full name; a bare id is completed. Raises ApiError."""
    if not isinstance(value, str) or not value:
        raise invalid(f"{what}: expected the full name of one of {ACCOUNT}/{collection}, got {value!r}")
    return value if "/" in value else f"{ACCOUNT}/{collection}/{value}"
