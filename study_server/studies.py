"""A study in the database: create each version once, frozen; read it back as `Material`."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as Db

from stimuli.manifest import Item, Manifest
from stimuli.studyfile import QualityTable, StudyFile
from study_server import audit
from study_server.errors import MaterialError, StudyFrozenError, StudyUnreadableError, UnknownStudyError
from study_server.ledger import OUTCOMES, Code
from study_server.models import Slot, Stimulus, Study, Trial, Triplet
from study_server.slots import items_of, plan

LEASE_MINUTES = 60
_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that are read as another


@dataclass(frozen=True)
class Material:
    """One version of a study as it was frozen: its file, its manifest, and where its images lie.

    `name` is its address in links, commands and rows: the study's name, from the second version on with the number.
    Within the study `once_in_id` nobody takes part twice.
    """

    study_id: int
    name: str
    version: int
    once_in_id: int
    study: StudyFile
    manifest: Manifest
    folder: Path
    study_digest: str
    manifest_digest: str
    items: dict[str, Item]

    @property
    def series(self) -> str:
        """The study's name, as it stands in its file: what all versions have in common."""
        return self.study.study.name


def create(
    db: Db,
    study: StudyFile,
    manifest: Manifest,
    folder: Path,
    *,
    lease_minutes: int = LEASE_MINUTES,
    new_version: bool = False,
) -> bool:
    """Store a study with its material, its numbered places and their plans; the same study again changes nothing.

    A changed study of a known name is its next version, if that is wanted: nobody new comes into the older ones, and
    who is inside goes on there.

    Args:
        db: In a writing transaction.
        study: The study file.
        manifest: Of the images.
        folder: Where they lie.
        lease_minutes: How long a place is kept for somebody who does not finish.
        new_version: Whether a changed study becomes the next version.

    Returns:
        Whether it is new.

    Raises:
        MaterialError: If the manifest cannot fill the design.
        StudyFrozenError: If a study of this name exists with other digests, and no new version is wanted.
    """
    check_material(study, manifest)
    there = latest(db, study.study.name)
    if there is not None:
        changed = _changed(there, study, manifest)
        if changed and not new_version:
            raise StudyFrozenError(study.study.name, changed)
        if not changed:
            there.stimuli = str(folder.resolve())  # the same images may have moved
            return False
    row = _row(study, manifest, folder, there.version + 1 if there is not None else 1, lease_minutes)
    db.add(row)
    db.flush()
    _store_material(db, row.id, manifest)
    _store_places(db, row.id, study, manifest)
    db.add_all(Code(study_id=row.id, outcome=outcome, code=_new_code()) for outcome in OUTCOMES)
    _supersede(db, row)
    audit.record(
        db, "create", {"study": row.name, "study_digest": row.study_digest, "places": study.design.participants}
    )
    return True


def _changed(there: Study, study: StudyFile, manifest: Manifest) -> tuple[str, ...]:
    """Say in words in what a study file and a manifest differ from a stored study."""
    pairs = {
        "design or texts": (there.study_digest, study.study_digest),
        "images": (there.manifest_digest, manifest.digest),
        "analysis": (there.analysis_digest, study.analysis_digest),
        "quality": (_quality_of(there), study.quality.model_dump(mode="json")),
    }
    return tuple(what for what, (before, now) in pairs.items() if before != now)


def _row(study: StudyFile, manifest: Manifest, folder: Path, version: int, lease_minutes: int) -> Study:
    return Study(
        name=address(study.study.name, version),
        series=study.study.name,
        version=version,
        study_file=study.model_dump(mode="json"),
        manifest=manifest.model_dump(mode="json"),
        stimuli=str(folder.resolve()),
        created_at=datetime.now(UTC),
        state="open",
        paused_because="",
        lease_minutes=lease_minutes,
        study_digest=study.study_digest,
        manifest_digest=manifest.digest,
        analysis_digest=study.analysis_digest,
    )


def address(series: str, version: int) -> str:
    """Return the name of a version in links, commands and rows."""
    return series if version == 1 else f"{series}.{version}"


def latest(db: Db, series: str) -> Study | None:
    """Return the newest version of a study, or none."""
    return db.scalar(select(Study).where(Study.series == series).order_by(Study.version.desc()).limit(1))


def _quality_of(row: Study) -> dict[str, object]:
    """Return `[quality]` as it was frozen; before there was such a table its defaults held."""
    return QualityTable().model_dump(mode="json") | cast("dict[str, object]", row.study_file.get("quality", {}))


def name_of(db: Db, study_id: int) -> str:
    """Return the name of a version by its number in the database."""
    return db.scalars(select(Study.name).where(Study.id == study_id)).one()


def read_newest(db: Db, series: str) -> Material:
    """Read the newest version of a study back.

    Raises:
        UnknownStudyError: If there is none.
        StudyUnreadableError: If another version of this program froze it.
    """
    row = latest(db, series)
    return read_material(db, row.name if row is not None else series)


def _supersede(db: Db, newest: Study) -> None:
    """Let nobody new into the older versions, whatever else they waited for."""
    older = update(Study).where(Study.series == newest.series, Study.id != newest.id, Study.state != "closed")
    db.execute(older.values(state="paused", paused_because=f"version {newest.version} takes its place"))


def _store_material(db: Db, study_id: int, manifest: Manifest) -> None:
    """Store every item and image, so that a trial of anything else is impossible."""
    triplets: list[dict[str, Any]] = []
    stimuli: list[dict[str, Any]] = []
    for item in manifest.items:
        key = {"study_id": study_id, "item_id": item.item_id}
        reference = item.reference.sha256 if item.reference else None
        triplets.append(
            {**key, **item.model_dump(include={"purpose", "prompt", "seed"}), "reference_sha256": reference}
        )
        facts = {"condition", "sha256", "num_steps", "width", "height"}
        stimuli += [{**key, **image.model_dump(include=facts)} for image in item.stimuli.values()]
    db.execute(insert(Triplet), triplets)
    db.execute(insert(Stimulus), stimuli)


def _store_places(db: Db, study_id: int, study: StudyFile, manifest: Manifest) -> None:
    """Store the places of live participants and their plans; other modes get theirs when somebody comes."""
    slots = [
        Slot(study_id=study_id, mode="live", number=number, state="free") for number in range(study.design.participants)
    ]
    db.add_all(slots)
    db.flush()
    for slot in slots:
        ids = {"study_id": study_id, "slot_id": slot.id}
        db.execute(insert(Trial), [{**ids, **vars(trial)} for trial in plan(manifest, study.design, slot.number)])


def _new_code() -> str:
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(8))


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
        name=row.name,
        version=row.version,
        once_in_id=_once_in(db, row, study),
        study=study,
        manifest=manifest,
        folder=Path(row.stimuli),
        study_digest=row.study_digest,
        manifest_digest=row.manifest_digest,
        items={item.item_id: item for item in manifest.items},
    )


def _once_in(db: Db, row: Study, study: StudyFile) -> int:
    if study.study.returning == "each-version":
        return row.id
    first = select(Study.id).where(Study.series == row.series).order_by(Study.version).limit(1)
    return db.scalars(first).one()


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
        if len(item.stimuli) != 2:
            raise MaterialError(name, f"item {item.item_id} with {len(item.stimuli)} images to judge", "2", again)
    missing = sorted(set(manifest.compare) - {condition for item in mains for condition in item.stimuli})
    if missing:
        raise MaterialError(name, f"main items without {missing}", f"{list(manifest.compare)}", again)
    if manifest.study != name:
        raise MaterialError(name, f"images of study '{manifest.study}'", "its own", "Give another --stimuli folder.")
    if manifest.digests.get("stimuli", study.stimuli_digest) != study.stimuli_digest:
        found = "images made with other [generation] or [stimuli] tables"
        raise MaterialError(name, found, "those of this file", "Run `budgetfusion stimuli render` again.")
    if design.repeats > design.main_trials:
        remedy = "Lower `repeats` in [design]."
        raise MaterialError(name, f"{design.repeats} repeats", f"at most {design.main_trials}", remedy)
