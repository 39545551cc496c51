"""What PRODUCTION=1 refuses: secrets that can be guessed, disks that forget, debugging."""

import os
from pathlib import Path

from sqlalchemy import make_url

from study_server.errors import UnsafeProductionError
from study_server.settings import Settings

MIN_SECRET = 32
FORGETFUL = ("tmpfs", "ramfs", "overlay", "aufs")
"""File systems that lose their files with the machine or the container."""

MOUNTS = Path("/proc/self/mounts")


def require_safe(settings: Settings, *, debug: bool = False) -> None:
    """Raise `UnsafeProductionError` with every fault, if this is production and there is one."""
    faults = tuple(_faults(settings, debug)) if settings.is_production else ()
    if faults:
        raise UnsafeProductionError(faults)


def _faults(settings: Settings, debug: bool) -> list[str]:
    faults = []
    if len(settings.secret_key) < MIN_SECRET or len(set(settings.secret_key)) < MIN_SECRET // 4:
        faults.append(f"SECRET_KEY can be guessed, expected {MIN_SECRET} random characters or more")
    if debug or os.environ.get("FLASK_DEBUG", "0") not in ("", "0"):
        faults.append("debugging is on, expected FLASK_DEBUG unset")
    if not settings.secure_cookies:
        faults.append("SECURE_COOKIES is not 1, expected HTTPS")
    kind = _file_system(settings.database_url)
    if kind in FORGETFUL:
        faults.append(f"the SQLite file lies on {kind}, which forgets, expected a disk, or PostgreSQL")
    return faults


def _file_system(database_url: str) -> str | None:
    """Return the kind of file system that holds a SQLite file; none for other databases."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        return "tmpfs"
    return file_system(Path(url.database).resolve(), MOUNTS)


def file_system(path: Path, mounts: Path) -> str | None:
    """Return the kind of file system at a path, after the table of mounts; none if it does not say."""
    best, kind = Path(), None
    for line in mounts.read_text(encoding="utf-8").splitlines() if mounts.is_file() else ():
        _, folder, name, *_ = line.split(" ")
        point = Path(folder.replace("\\040", " "))
        if path.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, name
    return kind
