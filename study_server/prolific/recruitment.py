"""`[prolific]` of a study as it holds now, in versions, and which study on Prolific is ours."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from prolific_config.client import Client
from prolific_config.publishing import required as find_there
from prolific_config.table import ProlificTable, read_prolific
from study_server import audit
from study_server.db import Database
from study_server.errors import NotRecruitedError
from study_server.prolific.tables import ProlificStudy, Recruitment
from study_server.studies import Material


def read(path: Path) -> ProlificTable:
    """Return `[prolific]` of a study file.

    Raises:
        StudyFileError: If it is absent or has a fault; names file, key and reason.
    """
    return read_prolific(path)[1]


def read_if_there(path: Path) -> ProlificTable | None:
    """Return `[prolific]` of a study file, or none if it has no such table.

    Raises:
        StudyFileError: If it has a fault; names file, key and reason.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return read(path) if "prolific" in raw else None


def keep(db: Db, material: Material, table: ProlificTable, actor: str = audit.SYSTEM) -> bool:
    """Store `[prolific]` as the newest version; the same again changes nothing. Return whether it is new."""
    wishes = table.model_dump(mode="json")
    last = _last(db, material.study_id)
    if last is not None and last.wishes == wishes:
        return False
    version = last.version + 1 if last is not None else 1
    said = {"study_id": material.study_id, "version": version, "wishes": wishes, "actor": actor}
    db.add(Recruitment(**said, said_at=datetime.now(UTC)))
    audit.record(db, "recruitment", {"study": material.name, "version": version, "prolific": wishes}, actor)
    return True


def table_of(db: Db, material: Material) -> ProlificTable | None:
    """Return `[prolific]` as it was said last, or none if this study asks nobody on Prolific."""
    last = _last(db, material.study_id)
    return ProlificTable.model_validate(last.wishes) if last is not None else None


def required_table(db: Db, material: Material) -> ProlificTable:
    """Return `[prolific]` as it was said last.

    Raises:
        NotRecruitedError: If nothing was said.
    """
    table = table_of(db, material)
    if table is None:
        raise NotRecruitedError(material.name)
    return table


def link(db: Db, material: Material, external_id: str) -> None:
    """Remember which study on Prolific is ours; the same again changes nothing."""
    there = linked(db, material)
    if there is None:
        db.add(ProlificStudy(study_id=material.study_id, external_id=external_id, reconciled_at=None))
        db.flush()
    elif there.external_id != external_id:
        there.external_id, there.reconciled_at = external_id, None


def linked(db: Db, material: Material) -> ProlificStudy | None:
    """Return which study on Prolific is ours, and when its submissions were last read, if that is known."""
    return db.scalar(select(ProlificStudy).where(ProlificStudy.study_id == material.study_id))


def find(database: Database, client: Client, material: Material, external_id: str | None = None) -> str:
    """Return the id of our study on Prolific: the given one, the one that is known, or the one of our internal name.

    Raises:
        NotDraftedError: If Prolific has none.
        SeveralStudiesError: If it has several and none is given or known.
    """
    with database.reading() as db:
        known = linked(db, material)
    return find_there(client, material.name, external_id or (known.external_id if known else None)).id


def _last(db: Db, study_id: int) -> Recruitment | None:
    of_study = select(Recruitment).where(Recruitment.study_id == study_id)
    return db.scalar(of_study.order_by(Recruitment.version.desc()).limit(1))
