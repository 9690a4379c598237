"""Verifies what Tollgate sends to your endpoint, by the Standard Webhooks scheme."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from typing import Iterable, Mapping, Optional, Union

from .problem import TollgateError
from .notice import Notice, read_notice

#: A webhook whose time is further off is refused: it may be one that was sent before, by somebody else.
TOLERANCE_SECONDS = 300.0

_PREFIX = "whsec_"


class WebhookRefused(TollgateError):
    """It is not proven that Tollgate sent this. Answer 401, and do nothing.

    `reason` is `header_missing`, `timestamp_invalid`, `timestamp_out_of_tolerance`, `signature_invalid` or, of
    one that is signed, `body_unreadable`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def verify(
    body: Union[bytes, str],
    headers: Mapping[str, str],
    secrets: Union[str, Iterable[str]],
    *,
    tolerance: float = TOLERANCE_SECONDS,
    now: Optional[float] = None,
) -> Notice:
    """The notice that a webhook brings, once its signature and time are right; else `WebhookRefused`.

    `body` are the bytes as they came, before any parsing. `secrets` is the endpoint's `whsec_…`, or several: one
    of them has to check. `now` is in seconds since 1970, the clock's if absent.
    """
    keys = [_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    content = body.encode() if isinstance(body, str) else bytes(body)
    named = {name.lower(): value for name, value in headers.items()}
    id, sent, signatures = (_header(named, f"webhook-{part}") for part in ("id", "timestamp", "signature"))
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 15):
        raise WebhookRefused("timestamp_invalid", "webhook-timestamp is no number of seconds since 1970")
    off = (time.time() if now is None else now) - int(sent)
    if abs(off) > tolerance:
        raise WebhookRefused(
            "timestamp_out_of_tolerance", f"webhook-timestamp is {off:.0f} seconds off: check the clock"
        )
    if not _signed(keys, f"{id}.{sent}.".encode() + content, signatures):
        raise WebhookRefused(
            "signature_invalid", "no signature is of this secret over this body: were its bytes kept as they came?"
        )
    try:
        return read_notice(content, id)
    except ValueError as error:
        raise WebhookRefused("body_unreadable", f"it is signed, but {error}") from error


def sign(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """The signature of one secret, `v1,…`."""
    return _sign(_key(secret), f"{id}.{timestamp}.".encode() + body)


def _sign(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _signed(keys: Iterable[bytes], content: bytes, signatures: str) -> bool:
    """Every pair is compared, in constant time, so that nothing is told by how long it takes."""
    good = False
    wanted = [_sign(key, content).encode() for key in keys]
    for signature in signatures.split(" "):
        for one in wanted:
            good |= hmac.compare_digest(one, signature.encode())
    return good


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise WebhookRefused("header_missing", f"the header {name} is missing")
    return value


def _key(secret: str) -> bytes:
    """The bytes of a secret, which is not shown where it is wrong."""
    wrong = ValueError("the secret is not whsec_ and the base64 of 24 to 64 bytes")
    text = secret.strip()
    if not text.startswith(_PREFIX):
        raise wrong
    encoded = text[len(_PREFIX) :].rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise wrong from None
    if not 24 <= len(key) <= 64:
        raise wrong
    return key
