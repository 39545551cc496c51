"""A study in the database: create it once, frozen; read it back as `Material`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from stimuli.manifest import Item, Manifest
from stimuli.studyfile import StudyFile
from study_server.errors import MaterialError, StudyFrozenError, StudyUnreadableError, UnknownStudyError
from study_server.models import Slot, Study
from study_server.slots import items_of


@dataclass(frozen=True)
class Material:
    """A study as it was frozen: its file, its manifest, and where its images lie."""

    study_id: int
    study: StudyFile
    manifest: Manifest
    folder: Path
    study_digest: str
    manifest_digest: str
    items: dict[str, Item]

    @property
    def name(self) -> str:
        """The study's name, as it stands in addresses and rows."""
        return self.study.study.name


def create(db: Db, study: StudyFile, manifest: Manifest, folder: Path) -> bool:
    """Store a study with its places; the same study again changes nothing.

    Returns:
        Whether it is new.

    Raises:
        MaterialError: If the manifest cannot fill the design.
        StudyFrozenError: If a study of this name exists with other digests.
    """
    check_material(study, manifest)
    digests = {
        "design or texts": ("study_digest", study.study_digest),
        "images": ("manifest_digest", manifest.digest),
        "analysis": ("analysis_digest", study.analysis_digest),
    }
    there = db.scalar(select(Study).where(Study.name == study.study.name))
    if there is not None:
        changed = tuple(what for what, (column, value) in digests.items() if getattr(there, column) != value)
        if changed:
            raise StudyFrozenError(study.study.name, changed)
        there.stimuli = str(folder.resolve())  # the same images may have moved
        return False
    row = Study(
        name=study.study.name,
        study_file=study.model_dump(mode="json"),
        manifest=manifest.model_dump(mode="json"),
        stimuli=str(folder.resolve()),
        created_at=datetime.now(UTC),
        **dict(digests.values()),
    )
    db.add(row)
    db.flush()
    places = range(study.design.participants)
    db.add_all(Slot(study_id=row.id, mode=mode, number=number) for mode in ("pilot", "live") for number in places)
    return True


def read_material(db: Db, name: str) -> Material:
    """Read a study back.

    Raises:
        UnknownStudyError: If there is none of this name.
        StudyUnreadableError: If another version of this program froze it.
    """
    row = db.scalar(select(Study).where(Study.name == name))
    if row is None:
        raise UnknownStudyError(name, names(db))
    try:
        study, manifest = StudyFile.model_validate(row.study_file), Manifest.model_validate(row.manifest)
    except ValidationError as error:
        fault = error.errors()[0]
        raise StudyUnreadableError(name, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    return Material(
        study_id=row.id,
        study=study,
        manifest=manifest,
        folder=Path(row.stimuli),
        study_digest=row.study_digest,
        manifest_digest=row.manifest_digest,
        items={item.item_id: item for item in manifest.items},
    )


def names(db: Db) -> tuple[str, ...]:
    """Return the names of all studies, in the order of their making."""
    return tuple(db.scalars(select(Study.name).order_by(Study.id)))


def check_material(study: StudyFile, manifest: Manifest) -> None:
    """Raise `MaterialError` unless the images can fill the design."""
    name, design = study.study.name, study.design
    mains = items_of(manifest, "main")
    again = "Render more prompts or seeds, or conditions that differ."
    if not mains:
        raise MaterialError(name, "no item of purpose main", "at least one", again)
    for item in mains:
        missing = sorted(set(manifest.compare) - set(item.stimuli))
        if missing:
            raise MaterialError(name, f"item {item.item_id} without {missing}", f"{list(manifest.compare)}", again)
    if manifest.study != name:
        raise MaterialError(name, f"images of study '{manifest.study}'", "its own", "Give another --stimuli folder.")
    if manifest.digests.get("stimuli", study.stimuli_digest) != study.stimuli_digest:
        found = "images made with other [generation] or [stimuli] tables"
        raise MaterialError(name, found, "those of this file", "Run `budgetfusion stimuli render` again.")
    if design.repeats > design.main_trials:
        remedy = "Lower `repeats` in [design]."
        raise MaterialError(name, f"{design.repeats} repeats", f"at most {design.main_trials}", remedy)
