"""Names that tell nothing, and links that cannot be forged."""

import hashlib
import hmac

from itsdangerous import BadSignature, URLSafeTimedSerializer

from stimuli.manifest import Mode

DAY_S = 24 * 60 * 60


def image_name(secret_key: str, session_token: str, trial_index: int, place: str) -> str:
    """Return the opaque name of one image in one trial of one session, 32 hexadecimal digits.

    It depends on where the image is shown and not on the image: two names never say that two images are the same.

    Args:
        secret_key: The server's.
        session_token: The visit's.
        trial_index: 0-based.
        place: 'left', 'reference' or 'right'.
    """
    session_key = hmac.digest(secret_key.encode(), session_token.encode(), "sha256")
    return hmac.new(session_key, f"{trial_index}:{place}".encode(), hashlib.sha256).hexdigest()[:32]


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


def _passes(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt="pass")


def _desk(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt="desk")
