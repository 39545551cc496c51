"""Making a study at the desk from files that lie on the server: what is there, everything that is wrong with it.

Only what lies below the folder that the environment names can be read, by its place in a list and not by a path.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from budgetfusion.errors import BudgetFusionError
from stimuli.errors import ManifestError, StimuliError, StudyFileError
from stimuli.manifest import MANIFEST_NAME, Manifest, read_manifest
from stimuli.store import Store
from stimuli.studyfile import StudyFile, read_study_file
from stimuli.verify import inspect
from study_server.errors import MaterialError
from study_server.prolific import forms
from study_server.prolific.forms import Finding, ProlificTable
from study_server.studies import check_material

DEPTH = 3
LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: in which file, at which key, and why."""

    file: str
    key: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """A study file and a manifest after the look: whole only without a fault.

    Args:
        study: None if the file cannot be read as one.
        manifest: Likewise.
        num_images: That were decoded and are those of the manifest.
        faults: Everything that is wrong.
        unfilled: Lines of the file that still say REPLACE.
        table: `[prolific]`; none without one.
        findings: What Prolific's policy says of it, refusals first.
    """

    study: StudyFile | None
    manifest: Manifest | None
    num_images: int
    faults: tuple[Fault, ...]
    unfilled: tuple[str, ...]
    table: ProlificTable | None
    findings: tuple[Finding, ...]


def study_files(root: Path) -> list[str]:
    """Return the TOML files below a folder, by name."""
    return sorted(str(path.relative_to(root)) for path in _below(root, "*.toml"))


def stimuli_folders(root: Path) -> list[str]:
    """Return the folders with a manifest below a folder, by name."""
    return sorted(str(path.parent.relative_to(root)) for path in _below(root, MANIFEST_NAME))


def check(file: Path, folder: Path, root: Path, images_url: str | None = None) -> Checked:
    """Read and verify everything, and collect every fault instead of stopping at the first.

    Args:
        file: The study file.
        folder: With manifest and images.
        root: The faults name files relative to it.
        images_url: Object store with `<study>/images/`; none: the folder.
    """
    faults: list[Fault] = []
    study = _study(file, root, faults)
    manifest, num_images = _images(folder, root, images_url if study is None else _store(images_url, study), faults)
    if study is not None and manifest is not None and not faults:
        try:
            check_material(study, manifest)
        except MaterialError as error:
            faults.append(Fault(_name(folder, root), "", f"found {error.found}, expected {error.expected}"))
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    table = _prolific(file, text, root, faults) if study is not None else None
    findings = tuple(forms.policy(study, table)) if study is not None and table is not None else ()
    lines = tuple(f"{i}: {line.strip()}" for i, line in enumerate(text.splitlines(), 1) if "REPLACE" in line)
    return Checked(study, manifest, num_images, tuple(faults), lines, table, findings)


def _below(root: Path, pattern: str) -> list[Path]:
    levels = ("/".join(["*"] * depth + [pattern]) for depth in range(DEPTH))
    found = [path for level in levels for path in root.glob(level)]
    return [path for path in found if path.is_file() and path.resolve().is_relative_to(root.resolve())]


def _study(file: Path, root: Path, faults: list[Fault]) -> StudyFile | None:
    name = _name(file, root)
    try:
        return read_study_file(file)
    except StudyFileError as error:
        if isinstance(error.__cause__, ValidationError):
            faults += [Fault(name, _key(fault), _reason(fault)) for fault in error.__cause__.errors()]
        else:
            faults.append(Fault(name, error.key, error.reason))
    except BudgetFusionError as error:
        faults.append(Fault(name, "", str(error)))
    return None


def _images(folder: Path, root: Path, place: str | None, faults: list[Fault]) -> tuple[Manifest | None, int]:
    try:
        found = inspect(folder, Store(place, read_manifest(folder).image_format) if place else None)
    except ManifestError as error:
        name = f"{_name(folder, root)}/{MANIFEST_NAME}"
        causes = error.__cause__.errors() if isinstance(error.__cause__, ValidationError) else []
        faults += [Fault(name, _key(fault), _reason(fault)) for fault in causes] or [Fault(name, "", error.reason)]
        return None, 0
    except StimuliError as error:
        faults.append(Fault(_name(folder, root), "", str(error)))
        return None, 0
    for fault in found.faults:
        path = Path(str(getattr(fault, "path", folder)))
        faults.append(Fault(_name(path, root), "", str(fault).removeprefix(f"{path}: ")))
    return found.manifest, found.num_images


def _store(images_url: str | None, study: StudyFile) -> str | None:
    return f"{images_url}/{study.study.name}" if images_url else None


def _prolific(file: Path, text: str, root: Path, faults: list[Fault]) -> ProlificTable | None:
    if "prolific" not in tomllib.loads(text):
        return None
    try:
        return forms.read_table(file)
    except StudyFileError as error:
        causes = error.__cause__.errors() if isinstance(error.__cause__, ValidationError) else []
        name = _name(file, root)
        found = [Fault(name, f"prolific.{_key(fault)}".rstrip("."), _reason(fault)) for fault in causes]
        faults += found or [Fault(name, error.key, error.reason)]
    return None


def _name(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


def _key(fault: Any) -> str:
    return ".".join(map(str, fault["loc"]))


def _reason(fault: Any) -> str:
    """Return what is wrong in words, with what was found where that is short."""
    if fault["type"] == "missing":
        return "missing, expected a value; docs/reference/study-file.md lists every key"
    words, found = str(fault["msg"]).removeprefix("Value error, "), fault["input"]
    is_plain = isinstance(found, str | int | float) and len(str(found)) <= LONGEST_SHOWN
    return f"found {found!r}: {words}" if is_plain else words
