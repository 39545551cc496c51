"""The client that this machine asks Prolific with."""

import os

from prolific_config.client import Client
from prolific_config.connection import Connection
from prolific_config.settings import client_from_environment, connection_without_token


def is_possible() -> bool:
    """Say whether PROLIFIC_TOKEN is set, without which nobody is asked."""
    return bool(os.environ.get("PROLIFIC_TOKEN", "").strip())


def client() -> Client:
    """Return a client; the caller closes `client.connection`.

    Raises:
        ProlificSettingError: If PROLIFIC_TOKEN or PROLIFIC_URL is missing or has no meaning.
    """
    return client_from_environment()


def anonymous() -> Connection:
    """Return a connection that shows no token, for what Prolific says to everybody; somebody waits for its answer."""
    return connection_without_token()
