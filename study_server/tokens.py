"""Names that tell nothing, and links that cannot be forged."""

import hashlib
import hmac

from itsdangerous import BadSignature, URLSafeTimedSerializer

from stimuli.manifest import Mode

DAY_S = 24 * 60 * 60
PLACES = ("left", "reference", "right")


def image_name(secret_key: str, session_token: str, trial_index: int, place: str) -> str:
    """Return the signed name of one image in one trial of one session, 32 hexadecimal digits.

    It depends on where the image is shown and not on the image: two names never say that two images are the same.
    Its first digits say the trial and the place, which the browser knows; the rest is the signature.

    Args:
        secret_key: The server's.
        session_token: The visit's.
        trial_index: 0-based, below 65536.
        place: 'left', 'reference' or 'right'.
    """
    said = f"{trial_index:04x}{PLACES.index(place):x}"
    return said + _signature(secret_key, session_token, said)[: 32 - len(said)]


def read_image_name(secret_key: str, session_token: str, name: str) -> tuple[int, str] | None:
    """Return trial index and place of an image's name, or none if this session was not given it."""
    said, signature = name[:5], name[5:]
    expected = _signature(secret_key, session_token, said)[:27]
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    return int(said[:4], 16), PLACES[int(said[4], 16)]


def visit_name(secret_key: str, session_token: str) -> str:
    """Return a name for the browser's outbox, so that answers of one visit are never sent in another."""
    return _signature(secret_key, session_token, "outbox")[:16]


def hashed(secret_key: str, text: str) -> str:
    """Return what a log may hold in place of an id, 12 hexadecimal digits."""
    return hmac.new(secret_key.encode(), f"log:{text}".encode(), hashlib.sha256).hexdigest()[:12]


def sign_pass(secret_key: str, study: str, mode: Mode, flags: str = "") -> str:
    """Return a pass that starts a session in a mode other than live; only a holder of the secret can make one."""
    return _passes(secret_key).dumps([study, mode, flags])


def read_pass(secret_key: str, text: str, study: str) -> tuple[Mode, str] | None:
    """Return the mode and flags of a pass to this study, or none if it is forged, a day old, or for another study."""
    try:
        for_study, mode, flags = _passes(secret_key).loads(text, max_age=DAY_S)
    except BadSignature:
        return None
    return (mode, flags) if for_study == study else None


def sign_desk_key(secret_key: str) -> str:
    """Return a key that opens the desk for a day."""
    return _desk(secret_key).dumps("desk")


def is_desk_key(secret_key: str, text: str) -> bool:
    """Say whether a key opens the desk."""
    try:
        return bool(_desk(secret_key).loads(text, max_age=DAY_S) == "desk")
    except BadSignature:
        return False


def _signature(secret_key: str, session_token: str, said: str) -> str:
    session_key = hmac.digest(secret_key.encode(), session_token.encode(), "sha256")
    return hmac.new(session_key, said.encode(), hashlib.sha256).hexdigest()


def _passes(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt="pass")


def _desk(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt="desk")
