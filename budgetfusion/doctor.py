"""`budgetfusion doctor`: what this machine has, what it lacks, and the remedy for each."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

NEEDED_EXTRAS = ("generate", "server", "analysis")
"""Without these the demo cannot run; the others are for special work."""

WEIGHTS = Path(__file__).parent / "scenes" / "weights"
MIN_FREE_MB = 500
PORT = 8000
DEFAULT_DATABASE_URL = "sqlite:///budgetfusion.db"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Check:
    """One finding: ok, a note (some work needs it) or a problem (the demo stops at it); each but ok has a remedy."""

    name: str
    status: Literal["ok", "note", "problem"]
    found: str
    remedy: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of findings for machines.")
def doctor(as_json: bool) -> None:
    """Check this machine and name every remedy."""
    checks = examine()
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        _show(checks)
    if any(check.status == "problem" for check in checks):
        raise SystemExit(1)


def examine() -> list[Check]:
    """Run every check, in the order in which a remedy helps."""
    url = os.environ.get("DATABASE_URL", DEFAULT_DATABASE_URL)
    return [
        check_python(sys.version_info[:3]),
        *check_extras(importlib.metadata.requires("budgetfusion") or []),
        check_torch(),
        check_weights(WEIGHTS),
        check_disk(Path.cwd()),
        check_database(url),
        check_port(PORT),
        check_secret_key(os.environ.get("SECRET_KEY")),
        check_chromium(os.environ.get("BUDGETFUSION_CHROMIUM")),
    ]


def check_python(version: tuple[int, int, int]) -> Check:
    """Say whether this Python is one that the tests run with."""
    found = ".".join(map(str, version))
    if (3, 11) <= version < (3, 14):
        return Check("Python", "ok", found)
    return Check(
        "Python", "problem", found, "Install Python 3.11, 3.12 or 3.13 and run `make setup PYTHON=python3.11`."
    )


def check_extras(requirements: Iterable[str]) -> list[Check]:
    """Say of each extra whether all its packages are installed.

    Args:
        requirements: As in the package's metadata, e.g. 'torch>=2.6; extra == "generate"'.
    """
    extras: dict[str, list[str]] = {}
    for requirement in requirements:
        match = re.match(r"([\w.-]+).*extra == [\"']([\w-]+)", requirement)
        if match and match[1] != "budgetfusion":  # 'all' only names other extras
            extras.setdefault(match[2], []).append(match[1])
    return [_check_extra(extra, packages) for extra, packages in extras.items()]


def check_torch() -> Check:
    """Say where torch would compute."""
    try:
        import torch
    except ModuleNotFoundError:
        return Check("torch device", "problem", "torch is missing", _install("generate"))
    if torch.cuda.is_available():
        return Check("torch device", "ok", f"torch {torch.__version__}, {torch.cuda.get_device_name()}")
    return Check("torch device", "ok", f"torch {torch.__version__}, cpu with {torch.get_num_threads()} threads")


def check_weights(folder: Path) -> Check:
    """Say whether the embedded model's files are there."""
    size = sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    if size:
        return Check("embedded model", "ok", f"{size / 1e6:.1f} MB of weights")
    remedy = "Get the whole repository (weights are part of it), then run `make setup`."
    return Check("embedded model", "problem", f"no weights in {folder}", remedy)


def check_disk(folder: Path) -> Check:
    """Say whether the folder's disk has room for the demo."""
    free_mb = shutil.disk_usage(folder).free / 1e6
    if free_mb >= MIN_FREE_MB:
        return Check("free disk", "ok", f"{free_mb / 1e3:.1f} GB")
    return Check("free disk", "problem", f"{free_mb:.0f} MB", f"Free {MIN_FREE_MB} MB, or work on another disk.")


def check_database(url: str) -> Check:
    """Say whether the study server's database can be reached, without a driver and without showing its password."""
    parts = urlsplit(url)
    if parts.scheme.startswith("sqlite"):
        return _check_folder(Path(parts.path[1:] or ".").parent)
    if not parts.scheme.startswith("postgresql"):
        return Check(
            "database", "note", f"scheme '{parts.scheme}'", "Set DATABASE_URL to postgresql://... or sqlite:///..."
        )
    remedy = "Start PostgreSQL, or correct DATABASE_URL."
    try:
        address = (parts.hostname or "localhost", parts.port or 5432)
        socket.create_connection(address, timeout=3).close()
    except (OSError, ValueError) as error:  # ValueError: a port that is no number
        return Check("database", "note", f"PostgreSQL at {parts.hostname} does not answer: {error}", remedy)
    return Check("database", "ok", f"PostgreSQL answers at {address[0]}:{address[1]}")


def check_port(port: int) -> Check:
    """Say whether the study server's usual port is free."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
        except OSError:
            return Check(f"port {port}", "note", "in use", f"Stop what listens there, or serve with --port {port + 1}.")
    return Check(f"port {port}", "ok", "free")


def check_secret_key(value: str | None) -> Check:
    """Say whether a live study could sign its sessions."""
    if value:
        return Check("SECRET_KEY", "ok", "set")
    remedy = "Only a live study needs it: export SECRET_KEY=$(python -c 'import secrets; print(secrets.token_hex())')"
    return Check("SECRET_KEY", "note", "not set", remedy)


def check_chromium(configured: str | None) -> Check:
    """Say whether the browser tests have a browser; one that does not start is none."""
    for name in (configured, *CHROMIUMS):
        version = _version(name) if name else None
        if version:
            return Check("Chromium", "ok", version)
    cached = sorted(_playwright_folder().glob("chromium-*"))
    if cached:
        return Check("Chromium", "ok", f"Playwright's {cached[-1].name}")
    remedy = "Only the browser tests need it: `make setup`, or set BUDGETFUSION_CHROMIUM to a program."
    return Check("Chromium", "note", "none found", remedy)


def _check_extra(extra: str, packages: list[str]) -> Check:
    name = f"extra '{extra}'"
    missing = [package for package in packages if not _is_installed(package)]
    if not missing:
        return Check(name, "ok", f"{len(packages)} of {len(packages)} packages")
    status: Literal["note", "problem"] = "problem" if extra in NEEDED_EXTRAS else "note"
    return Check(name, status, f"missing {', '.join(missing)}", _install(extra))


def _check_folder(folder: Path) -> Check:
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        found = f"SQLite: {folder.absolute()} is not writable ({error.strerror})"
        return Check("database", "note", found, "Work in a folder of your own, or set DATABASE_URL.")
    return Check("database", "ok", f"SQLite in {folder.absolute()}")


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _install(extra: str) -> str:
    return f"Run `pip install -e '.[{extra}]'` in the clone."


def _version(program: str) -> str | None:
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - asked for by the user
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _playwright_folder() -> Path:
    cache = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / cache / "ms-playwright")


def _show(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    colour = {"ok": "green", "note": "yellow", "problem": "red"}
    table = Table("check", "", Column("found", overflow="fold"), Column("remedy", overflow="fold"))
    for check in checks:
        status = f"[{colour[check.status]}]{check.status}[/]"
        table.add_row(check.name, status, escape(check.found), escape(check.remedy))
    Console().print(table)
