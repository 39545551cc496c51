"""Where Prolific is and who asks, read from the environment; the token has no default and is never shown."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from prolific_config.client import Client
from prolific_config.connection import PROLIFIC, Connection
from prolific_config.drafts import LOOPBACK
from prolific_config.errors import ProlificSettingError


def client_from_environment(environ: Mapping[str, str] = os.environ) -> Client:
    """Return a client; docs/reference/settings.md names the variables.

    Raises:
        ProlificSettingError: If there is no token, or it would be sent in the clear.
    """
    token = environ.get("PROLIFIC_TOKEN", "").strip()
    if not token:
        raise ProlificSettingError("PROLIFIC_TOKEN", "nothing", "a token of your workspace's settings")
    if not token.isascii() or not token.isprintable():
        raise ProlificSettingError("PROLIFIC_TOKEN", "characters that no token has", "the token and nothing else")
    return Client(Connection(token, _address(environ)))


def connection_without_token(environ: Mapping[str, str] = os.environ) -> Connection:
    """Return a connection that shows no token, for what Prolific says to everybody; it asks twice and no more.

    Raises:
        ProlificSettingError: If PROLIFIC_URL has no meaning.
    """
    return Connection(None, _address(environ), attempts=2)


def _address(environ: Mapping[str, str]) -> str:
    url = environ.get("PROLIFIC_URL", PROLIFIC)
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ProlificSettingError("PROLIFIC_URL", f"'{url}'", "an https address; the token is not sent in the clear")
    return url
