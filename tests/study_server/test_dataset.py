"""Exports: blinded while people take part, complete afterwards, the same bytes every time."""

import csv
import hashlib
import io
import json

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from stimuli.manifest import CHOICE_COLUMNS
from study_server import states
from study_server.dataset import export
from study_server.export import BLIND
from study_server.ledger import Audit


@pytest.fixture
def desk(any_created, use_cases):
    """A finished visit and an open one of people, on a database of each kind."""
    made = use_cases(any_created)
    made.complete(*made.enter("a" * 24))
    _, bearer = made.enter("b" * 24)
    made.answer(bearer, 0, "right")
    return made


def header(folder):
    """Return the columns of the exported CSV."""
    return next(csv.reader(io.StringIO((folder / "choices.csv").read_text())))


def test_before_the_end_nobody_sees_conditions(desk, tmp_path):
    """While the study is open, no file tells which condition was where or chosen."""
    out = tmp_path / "out"
    export(desk.database, "tiny", out)
    everything = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())

    assert header(out) == [name for name in CHOICE_COLUMNS if name not in BLIND]
    assert pq.read_table(out / "choices.parquet").column_names == header(out)
    assert not (out / "pair-counts.csv").exists()
    assert b"UNIFORM" not in everything


def test_looking_early_is_recorded_and_said_by_every_row(desk, tmp_path):
    """--unblind writes to the desk's chain before it writes the file, and flags each row."""
    export(desk.database, "tiny", tmp_path, unblind=True)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "choices.csv").read_text())))

    assert header(tmp_path) == list(CHOICE_COLUMNS)
    assert all("unblinded-early" in row["flags"].split(",") for row in rows)
    assert desk.count(Audit, Audit.what == "unblind") == 1


def test_after_the_end_everything_is_told(desk, tmp_path):
    """A closed study exports every column without a mark, and pair counts that add up."""
    desk.do(states.close, desk.material, "anna")
    export(desk.database, "tiny", tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "choices.csv").read_text())))
    pairs = list(csv.DictReader(io.StringIO((tmp_path / "pair-counts.csv").read_text())))

    assert header(tmp_path) == list(CHOICE_COLUMNS)
    assert not any("unblinded" in row["flags"] for row in rows)
    counted = sum(int(pair["first_chosen"]) + int(pair["second_chosen"]) + int(pair["neither"]) for pair in pairs)
    assert counted == sum(row["purpose"] in ("main", "repeat") for row in rows)


def test_two_exports_have_the_same_bytes_and_right_checksums(desk, tmp_path):
    """Every file of both exports is the same, and SHA256SUMS says so."""
    for name in ("one", "two"):
        export(desk.database, "tiny", tmp_path / name)
    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "one", tmp_path / "two")
    )

    assert one == two
    for line in (tmp_path / "one" / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "one" / name).read_bytes()).hexdigest() == digest


def test_the_codebook_names_every_column_with_a_meaning(desk, tmp_path):
    """Columns, codebook and psych-DS description agree, and no meaning is empty."""
    export(desk.database, "tiny", tmp_path)
    book = json.loads((tmp_path / "codebook.json").read_text())
    described = json.loads((tmp_path / "psych-ds" / "dataset_description.json").read_text())
    data = (tmp_path / "psych-ds" / "data" / "study-tiny_data.csv").read_bytes()

    assert [entry["name"] for entry in book] == header(tmp_path)
    assert all(entry["meaning"] for entry in book)
    assert [entry["name"] for entry in described["variableMeasured"]] == header(tmp_path)
    assert data == (tmp_path / "choices.csv").read_bytes()
    for name in header(tmp_path):
        assert f"`{name}`" in (tmp_path / "codebook.md").read_text()


def test_answers_of_a_lost_place_are_marked_as_extra(desk, tmp_path):
    """Whose lease ended without a finish is beside the balanced plan, and the rows say so."""
    from study_server import sessions
    from study_server.models import Session

    with desk.database.reading() as db:
        visit = db.scalars(select(Session).where(Session.state == "consented")).one()
    desk.with_row(sessions.give_back, visit, "returned")
    export(desk.database, "tiny", tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "choices.csv").read_text())))

    assert {row["session"]: "extra" in row["flags"] for row in rows} == {"S-00001": False, "S-00002": True}
