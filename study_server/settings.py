"""What changes with the machine, read from the environment; a secret has no default."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from study_server.errors import MissingSettingError, SettingError

DATABASE_URL = "sqlite:///budgetfusion.db"
MIN_FREE_MB = 200


@dataclass(frozen=True)
class Settings:
    """Everything that `create_app` needs to know about this machine.

    Args:
        secret_key: Signs cookies and links and names images; keep it for the life of a study.
        database_url: SQLAlchemy address of the database.
        report: Folder with an index.html that is served at /report/, if any.
        secure_cookies: Whether people reach the server over HTTPS only: cookies and HSTS say so.
        is_production: Whether to refuse what is only good for trying out.
        metrics_token: Bearer that reads /metrics; none: nobody does.
        images_url: Object store of the images, for fsspec; none: the folders that the studies were created with.
        images_offload: `x-accel-redirect:/prefix` or `x-sendfile`: the proxy sends the images.
        proxies: How many reverse proxies stand in front, whose forwarded headers are believed.
        min_free_mb: Below this much free disk nobody new is let in, megabytes.
        prolific_webhook_secret: What Prolific signs its webhooks with; none: they are not taken.
        studies: Folder with study files and stimuli folders, from which the desk makes studies; none: it makes none.
        public_url: Where participants reach the server; none: where the experimenter does.
    """

    secret_key: str
    database_url: str = DATABASE_URL
    report: Path | None = None
    secure_cookies: bool = False
    is_production: bool = False
    metrics_token: str | None = None
    images_url: str | None = None
    images_offload: str | None = None
    proxies: int = 0
    min_free_mb: int = MIN_FREE_MB
    prolific_webhook_secret: str | None = None
    studies: Path | None = None
    public_url: str | None = None


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; docs/reference/settings.md names every variable.

    Raises:
        MissingSettingError: If SECRET_KEY is not set.
        SettingError: If a variable has no meaning.
    """
    secret_key = environ.get("SECRET_KEY", "")
    if not secret_key:
        raise MissingSettingError("SECRET_KEY", "a long random text that stays the same for the life of a study")
    return Settings(
        secret_key=secret_key,
        database_url=environ.get("DATABASE_URL", DATABASE_URL),
        secure_cookies=environ.get("SECURE_COOKIES") == "1",
        is_production=environ.get("PRODUCTION") == "1",
        metrics_token=environ.get("METRICS_TOKEN") or None,
        images_url=environ.get("IMAGES_URL") or None,
        images_offload=_offload(environ.get("IMAGES_OFFLOAD") or None),
        proxies=_number("PROXIES", environ.get("PROXIES", "0")),
        min_free_mb=_number("MIN_FREE_MB", environ.get("MIN_FREE_MB", str(MIN_FREE_MB))),
        prolific_webhook_secret=environ.get("PROLIFIC_WEBHOOK_SECRET") or None,
        studies=_folder("STUDIES", environ.get("STUDIES") or None),
        public_url=environ.get("PUBLIC_URL") or None,
    )


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise SettingError(name, text, "a whole number")
    return int(text)


def _folder(name: str, text: str | None) -> Path | None:
    if text is not None and not Path(text).is_dir():
        raise SettingError(name, text, "a folder that is there")
    return Path(text).resolve() if text is not None else None


def _offload(text: str | None) -> str | None:
    if text is not None and text != "x-sendfile" and not text.startswith("x-accel-redirect:/"):
        raise SettingError("IMAGES_OFFLOAD", text, "x-sendfile or x-accel-redirect:/PREFIX")
    return text
