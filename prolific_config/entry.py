"""Signed entry: Prolific's own word on who arrives, in the query's `prolific_token` (a JWT, RS256).

Source: Prolific's OpenAPI description, `is_external_study_url_secure` and the key set. The token lives two minutes: it
is checked once, at the arrival, and our own signed cookie carries the visit from there on.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

from prolific_config.errors import AnswerError, EntryTokenError, ProlificError
from prolific_config.table import EntryTokens

ISSUER = "https://www.prolific.com"
PARAMETER = "prolific_token"
LEEWAY_S = 30
DAY_S = 24 * 60 * 60
RELOAD_S = 60
"""An unknown key is asked for at most this often, so that forged tokens cannot make us flood Prolific."""


@dataclass(frozen=True)
class Entry:
    """Who arrives, as Prolific signed it; `token_id` is for remembering that the token was used."""

    submission_id: str
    participant_id: str
    study_id: str
    workspace_id: str | None
    token_id: str


class KeyRing:
    """Prolific's public keys, asked for when needed and once a day.

    Args:
        fetch: Returns the key set (a JWKS).
        clock: Seconds that only grow.
    """

    def __init__(self, fetch: Callable[[], dict[str, Any]], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None

    def key(self, key_id: str) -> jwt.PyJWK:
        """Return a key.

        Raises:
            EntryTokenError: If Prolific has none of this id.
            ProlificError: If Prolific does not answer and the key is not known from before.
        """
        age = float("inf") if self._fetched_at is None else self._clock() - self._fetched_at
        if age > DAY_S or (key_id not in self._keys and age > RELOAD_S):
            self._reload(key_id)
        if key_id not in self._keys:
            raise EntryTokenError("a token that another key signed", "one of Prolific's keys")
        return self._keys[key_id]

    def _reload(self, key_id: str) -> None:
        """Ask for the keys; if Prolific is away, a key that is known from before still holds."""
        try:
            self._keys = _keys(self._fetch())
            self._fetched_at = self._clock()
        except ProlificError:
            if key_id not in self._keys:
                raise


def admit(mode: EntryTokens, query: Mapping[str, str], keys: KeyRing, study_url: str, now: float) -> Entry | None:
    """Return who arrives, or none if no token is asked for or, where it is optional, none is there.

    Args:
        mode: `entry_token` of `[prolific]`.
        query: Of the address that was opened.
        keys: Prolific's.
        study_url: The study's address, with or without its query.
        now: Seconds since 1970.

    Raises:
        EntryTokenError: If a token is required and absent, or is not good for this arrival.
    """
    token = query.get(PARAMETER, "")
    if mode == "off" or (mode == "verify-if-present" and not token):
        return None
    if not token:
        raise EntryTokenError("no token", f"`{PARAMETER}` in the address")
    return verify(token, query, keys, study_url, now)


def verify(token: str, query: Mapping[str, str], keys: KeyRing, study_url: str, now: float) -> Entry:
    """Return who arrives, if the token's signature, times, audience and parameters are right.

    Raises:
        EntryTokenError: Naming what is wrong.
    """
    claims = _claims(token, keys)
    _check_times(claims, now)
    if not _is_for(str(claims["aud"]), study_url):
        raise EntryTokenError("a token for another address", study_url)
    signed = claims["prolific"]
    wrong = [name for name, value in query.items() if name != PARAMETER and name in signed and signed[name] != value]
    if wrong or claims["sub"] != query.get("SESSION_ID"):
        raise EntryTokenError(f"other parameters than were signed: {wrong or ['SESSION_ID']}", "the address as it was")
    return Entry(
        submission_id=str(claims["sub"]),
        participant_id=str(signed["PROLIFIC_PID"]),
        study_id=str(signed["STUDY_ID"]),
        workspace_id=signed.get("workspace_id"),
        token_id=f"{claims['sub']}:{claims['iat']}",
    )


def _keys(found: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    try:
        return {str(key.key_id): key for key in jwt.PyJWKSet.from_dict(dict(found)).keys}
    except jwt.PyJWTError as error:
        raise AnswerError("read signing keys", "keys", str(error)) from error


def _claims(token: str, keys: KeyRing) -> dict[str, Any]:
    """Return the claims of a token with a good signature; the algorithm is ours to say, never the token's."""
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False, "require": REQUIRED}
    try:
        key = keys.key(str(jwt.get_unverified_header(token).get("kid")))
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], issuer=ISSUER, options=options)
    except jwt.InvalidTokenError as error:
        raise EntryTokenError(f"a token that is not valid ({type(error).__name__})", "Prolific's") from error
    signed = claims["prolific"]
    if not isinstance(signed, dict) or not {"PROLIFIC_PID", "STUDY_ID"} <= set(signed):
        raise EntryTokenError("a token without PROLIFIC_PID and STUDY_ID", "both in its claim `prolific`")
    return claims


REQUIRED = ["iss", "iat", "exp", "aud", "sub", "prolific"]


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    issued, expires = float(claims["iat"]), float(claims["exp"])
    if not issued - LEEWAY_S <= now <= expires + LEEWAY_S:
        raise EntryTokenError("a token that is not of this moment", "one that is at most two minutes old")


def _is_for(audience: str, study_url: str) -> bool:
    """Say whether a token is meant for this address; Prolific calls `aud` once the URL and once its domain."""
    meant, here = urlsplit(audience if "//" in audience else f"//{audience}"), urlsplit(study_url)
    return (
        meant.netloc.lower() == here.netloc.lower()
        and meant.scheme in ("", here.scheme)
        and meant.path.rstrip("/") in ("", here.path.rstrip("/"))
    )
