"""What changes with the machine, read from the environment; a secret has no default."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from study_server.errors import MissingSettingError

DATABASE_URL = "sqlite:///budgetfusion.db"


@dataclass(frozen=True)
class Settings:
    """Everything that `create_app` needs to know about this machine.

    Args:
        secret_key: Signs cookies and links and names images; keep it for the life of a study.
        database_url: SQLAlchemy address of the database.
        desk_password: Opens the desk; none closes it to everybody without a signed link.
        report: Folder with an index.html that is served at /report/, if any.
        secure_cookies: Send cookies over HTTPS only.
    """

    secret_key: str
    database_url: str = DATABASE_URL
    desk_password: str | None = None
    report: Path | None = None
    secure_cookies: bool = False


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read DATABASE_URL, SECRET_KEY, DESK_PASSWORD and SECURE_COOKIES.

    Raises:
        MissingSettingError: If SECRET_KEY is not set.
    """
    secret_key = environ.get("SECRET_KEY", "")
    if not secret_key:
        raise MissingSettingError("SECRET_KEY", "a long random text that stays the same for the life of a study")
    return Settings(
        secret_key=secret_key,
        database_url=environ.get("DATABASE_URL", DATABASE_URL),
        desk_password=environ.get("DESK_PASSWORD") or None,
        secure_cookies=environ.get("SECURE_COOKIES") == "1",
    )
