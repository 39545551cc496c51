"""What the pretended Prolific signs: webhooks and entry tokens. Written apart from the code that verifies them."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class Delivery:
    """One webhook as it goes over the wire: headers and raw body."""

    headers: dict[str, str]
    body: bytes


def delivery(secret: str, event_id: str, happened_at: float, payload: dict[str, Any], sent_at: float) -> Delivery:
    """Return a signed webhook.

    Args:
        secret: The workspace's.
        event_id: The same when it is sent again.
        happened_at: Seconds since 1970.
        payload: What it says.
        sent_at: Seconds since 1970; it is signed.
    """
    body = json.dumps(payload, indent=1).encode()  # whitespace that a serialiser would not give back
    stamp = f"{sent_at:.0f}"
    mac = hmac.new(secret.encode("utf-8"), digestmod=hashlib.sha256)
    mac.update(stamp.encode("ascii"))
    mac.update(body)
    headers = {
        "Content-Type": "application/json",
        "X-Prolific-Request-Timestamp": stamp,
        "X-Prolific-Request-Signature": base64.b64encode(mac.digest()).decode("ascii"),
        "X-Event-ID": event_id,
        "X-Timestamp": f"{happened_at:.3f}",
    }
    return Delivery(headers, body)


class Signer:
    """A private key of Prolific and its public half."""

    def __init__(self, key_id: str = "key-1") -> None:
        self.key_id = key_id

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwk(self) -> dict[str, Any]:
        """Return the public key as Prolific publishes it."""
        numbers = self._key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "kid": self.key_id,
            "alg": "RS256",
            "n": _base64(numbers.n),
            "e": _base64(numbers.e),
            "use": "sig",
            "key_ops": ["verify"],
        }

    def token(self, url: str, issued_at: float | None = None, **changes: Any) -> str:
        """Return the token of an arrival.

        Args:
            url: With the parameters filled in.
            issued_at: Seconds since 1970; now without it.
            changes: Of claims, to forge.
        """
        query = dict(parse_qsl(urlsplit(url).query))
        now = int(time.time() if issued_at is None else issued_at)
        claims = {
            "iss": "https://www.prolific.com",
            "iat": now,
            "exp": now + 120,
            "aud": url.partition("?")[0],
            "sub": query["SESSION_ID"],
            "prolific": {**query, "workspace_id": "5c1e0000000000000000b0b0"},
        }
        return jwt.encode({**claims, **changes}, self._key, algorithm="RS256", headers={"kid": self.key_id})


def _base64(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
