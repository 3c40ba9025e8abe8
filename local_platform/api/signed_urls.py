"""Signed URLs: a loopback address that carries its own proof, so that the one who holds it needs no key.

The token is `payload.signature`, HMAC-SHA256 with a secret of this home; the payload names one file, one HTTP method
and the moment it expires.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fastapi import Request


@dataclass(frozen=True)
class Grant:
    """What a signed URL allows: `method` on `path` (absolute), for uploads of exactly `size` bytes."""

    method: str
    path: Path
    size: int | None = None


class Signer:
    """Makes and checks signed URLs. The secret is kept in the platform's home, so URLs outlive a restart."""

    def __init__(self, secret_file: Path, lifetime_seconds: int) -> None:
        if not secret_file.exists():
            secret_file.parent.mkdir(parents=True, exist_ok=True)
            secret_file.touch(mode=0o600)
            secret_file.write_bytes(secrets.token_bytes(32))
        self._secret = secret_file.read_bytes()
        self._lifetime = lifetime_seconds

    def url(self, request: Request, grant: Grant) -> str:
        """An address on the host the caller used, ending in the file's name."""
        payload = json.dumps([grant.method, str(grant.path), grant.size, int(time.time()) + self._lifetime])
        encoded = base64.urlsafe_b64encode(payload.encode()).decode().rstrip("=")
        token = f"{encoded}.{self._sign(encoded)}"
        return f"{str(request.base_url).rstrip('/')}/signed/{token}/{quote(grant.path.name)}"

    def check(self, token: str, method: str) -> Grant | None:
        """The grant of a token, or None where it is forged, expired or for another method."""
        encoded, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(encoded).encode()):
            return None
        allowed, path, size, expires = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        if method != allowed or time.time() > expires:
            return None
        return Grant(allowed, Path(path), size)

    def _sign(self, encoded: str) -> str:
        return hmac.new(self._secret, encoded.encode(), hashlib.sha256).hexdigest()
