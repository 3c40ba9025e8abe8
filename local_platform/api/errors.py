"""Error bodies: grpc-gateway's {code, message, details} on the control plane, OpenAI's {error: {...}} for inference.

ApiError                 anything the caller is told; carries a google.rpc code
├── raised by routes     invalid_argument, not_found, already_exists, failed_precondition, ...
└── mapped here          store errors, FastAPI's own 404/405/422
"""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from local_platform.store import AlreadyExistsError, ResourceNotFoundError

# google.rpc.Code by name: (number, HTTP status), as googleapis' code.proto lists them.
_CODES = {
    "INVALID_ARGUMENT": (3, 400),
    "NOT_FOUND": (5, 404),
    "ALREADY_EXISTS": (6, 409),
    "PERMISSION_DENIED": (7, 403),
    "RESOURCE_EXHAUSTED": (8, 429),
    "FAILED_PRECONDITION": (9, 400),
    "UNIMPLEMENTED": (12, 501),
    "INTERNAL": (13, 500),
    "UNAVAILABLE": (14, 503),
    "UNAUTHENTICATED": (16, 401),
}
_CODE_OF_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "ALREADY_EXISTS",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
_OPENAI_TYPES = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error"}


class ApiError(Exception):
    """An answer other than success. `code` is a google.rpc name, `reason` a stable word for programs."""

    def __init__(self, code: str, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason


def invalid(message: str) -> ApiError:
    return ApiError("INVALID_ARGUMENT", message)


def error_body(code: str, message: str, reason: str | None = None) -> dict[str, Any]:
    """The control plane's error body."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "local_platform"}
    return {"code": _CODES[code][0], "message": message, "details": [info] if reason else []}


def error_response(request: Request, code: str, message: str, reason: str | None = None) -> JSONResponse:
    """The error in the shape of the plane that was called."""
    status = _CODES[code][1]
    # Without this header the SDK repeats a 409 and only then reports it.
    headers = {"x-should-retry": "false"} if code == "ALREADY_EXISTS" else {}
    if request.url.path.endswith("/chat/completions"):
        kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
        error = {"message": message, "type": kind, "code": reason or code, "param": None}
        return JSONResponse({"error": error}, status, headers)
    return JSONResponse(error_body(code, message, reason), status, headers)


def install(app: FastAPI) -> None:
    """Answer every error of the app in one of the two shapes."""

    @app.exception_handler(ApiError)
    async def _api_error(request: Request, error: ApiError) -> JSONResponse:
        return error_response(request, error.code, error.message, error.reason)

    @app.exception_handler(AlreadyExistsError)
    async def _exists(request: Request, error: AlreadyExistsError) -> JSONResponse:
        return error_response(request, "ALREADY_EXISTS", f"{error} already exists", "ALREADY_EXISTS")

    @app.exception_handler(ResourceNotFoundError)
    async def _missing(request: Request, error: ResourceNotFoundError) -> JSONResponse:
        return error_response(request, "NOT_FOUND", f"{error} not found", "NOT_FOUND")

    @app.exception_handler(RequestValidationError)
    async def _malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        found = [f"{'.'.join(str(part) for part in item['loc'][1:])}: {item['msg']}" for item in error.errors()]
        return error_response(request, "INVALID_ARGUMENT", "invalid request: " + "; ".join(found))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        code = _CODE_OF_STATUS.get(error.status_code, "INTERNAL")
        if error.status_code in (404, 405):
            return error_response(request, "NOT_FOUND", f"no such route: {request.method} {request.url.path}")
        return error_response(request, code, str(error.detail))
