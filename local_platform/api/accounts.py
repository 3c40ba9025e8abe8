"""Accounts: the one account of this machine, and the key check that names it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from local_platform.api.access import require_account
from local_platform.api.listing import ListQuery, list_page
from local_platform.catalog import RELEASED
from local_platform.settings import ACCOUNT

router = APIRouter()
_DOCUMENT = {
    "name": ACCOUNT,
    "displayName": "This machine",
    "email": "local@localhost",
    "createTime": RELEASED,
    "updateTime": RELEASED,
    "state": "READY",
    "status": {"code": "OK", "message": ""},
    "suspendState": "UNSUSPENDED",
    "accountType": "ACCOUNT_TYPE_UNSPECIFIED",
}


@router.get("/verifyApiKey")
@router.get("/v1/verifyApiKey")
def verify_api_key(response: Response) -> dict[str, Any]:
    """Names the account of a key in a header, which is how eval-protocol learns it."""
    response.headers["x-fireworks-account-id"] = ACCOUNT.rpartition("/")[2]
    return {}


@router.get("/v1/accounts")
def list_accounts(query: Annotated[ListQuery, Depends()]) -> dict[str, Any]:
    return list_page("accounts", [_DOCUMENT], query)


@router.get("/v1/accounts/{account}", dependencies=[Depends(require_account)])
def get_account() -> dict[str, Any]:
    return _DOCUMENT
