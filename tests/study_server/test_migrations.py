"""Migrations with data in the tables, up and down, on both databases: nothing that can be kept is lost."""

import json

import pytest
from sqlalchemy import inspect, text

from study_server import schema, studies
from study_server.db import Database
from study_server.slots import plan
from study_server.verification import verify

NOW = "2026-01-02 03:04:05.678901+00:00"


@pytest.fixture
def first(any_url, tiny, manifest, stimuli_folder):
    """A database of the first schema with a study, two visits (one finished, one open) and their answers."""
    opened = Database(any_url)
    schema.upgrade(opened, "1")
    study = tiny.study_file()
    with opened.writing() as db:
        add = lambda words, **values: db.execute(text(words), values)  # noqa: E731
        digests = {"a": study.study_digest, "b": manifest.digest, "c": study.analysis_digest}
        add(
            "INSERT INTO study (id, name, study_digest, manifest_digest, analysis_digest, study_file, manifest, "
            "stimuli, created_at) VALUES (1, 'tiny', :a, :b, :c, :file, :manifest, :folder, :now)",
            **digests,
            file=json.dumps(study.model_dump(mode="json")),
            manifest=json.dumps(manifest.model_dump(mode="json")),
            folder=str(stimuli_folder),
            now=NOW,
        )
        for k in (1, 2):
            add("INSERT INTO participant VALUES (:k, 1, :p, 'live')", k=k, p=f"P-000{k}")
            add("INSERT INTO identity VALUES (:k, 1, :e, :k)", k=k, e=f"{k}" * 24)
            add(
                "INSERT INTO session VALUES (:k, :t, 1, :k, :n, :s, '', :c, :now, :now, :f)",
                k=k,
                t=f"token{k}",
                n=k - 1,
                s="finished" if k == 1 else "consented",
                c="0" * 64,
                f=NOW if k == 1 else None,
                now=NOW,
            )
        for number in range(6):
            held = number + 1 if number < 2 else None
            add("INSERT INTO slot VALUES (:id, 1, 'live', :n, :s)", id=number + 1, n=number, s=held)
        trial_id = 0
        for k in (1, 2):
            for trial in plan(manifest, study.design, k - 1):
                trial_id += 1
                add(
                    "INSERT INTO trial VALUES (:id, :s, :trial_index, :block, :item_id, :purpose, :left_condition, "
                    ":right_condition, :repeat_of)",
                    id=trial_id,
                    s=k,
                    **vars(trial),
                )
                if k == 1 or trial.trial_index < 3:
                    add(
                        "INSERT INTO answer VALUES (:id, :id, :u, 'left', :rt, :now, :now, '')",
                        id=trial_id,
                        u=f"uuid-{trial_id}",
                        rt=100.5 + trial_id,
                        now=NOW,
                    )
    yield opened
    opened.close()


def facts(database, query):
    """Return all rows of a query."""
    with database.reading() as db:
        return [tuple(row) for row in db.execute(text(query))]


def test_going_up_keeps_every_answer_and_chains_it(first):
    """Answers keep their contents, slots get states and leases, and every chain holds."""
    before = facts(first, "SELECT uuid, response, rt_ms FROM answer ORDER BY id")
    schema.upgrade(first)

    assert before == facts(first, "SELECT uuid, response, rt_ms FROM answer ORDER BY id")
    assert facts(first, "SELECT state FROM slot ORDER BY number") == [
        ("finished",),
        ("leased",),
        *[("free",)] * 4,
    ]
    assert facts(first, "SELECT slot_id, session_id, ended FROM lease ORDER BY id") == [
        (1, 1, "finished"),
        (2, 2, None),
    ]
    with first.reading() as db:
        verdict = verify(db)
        material = studies.read_material(db, "tiny")
    assert (verdict.faults, material.name) == ([], "tiny")
    assert facts(first, "SELECT count(*) FROM stimulus") == [(sum(len(i.stimuli) for i in material.items.values()),)]


def test_going_up_and_down_again_gives_back_what_was_there(first):
    """Down to the first schema, everything but the history of leases stands as it did."""
    queries = {
        "answer": "SELECT uuid, response, rt_ms, flags FROM answer ORDER BY id",
        "session": "SELECT id, token, participant_id, slot_number, state FROM session ORDER BY id",
        "slot": "SELECT study_id, mode, number, session_id FROM slot ORDER BY id",
        "trial": "SELECT session_id, trial_index, item_id, left_condition, repeat_of FROM trial ORDER BY session_id, "
        "trial_index",
        "identity": "SELECT * FROM identity ORDER BY id",
        "per answer": "SELECT session_id, trial_index, uuid FROM answer JOIN trial ON trial.id = trial_id ORDER BY 3",
    }
    before = {name: facts(first, query) for name, query in queries.items()}
    for _ in range(2):
        schema.upgrade(first)
        schema.downgrade(first, "1")

    assert before == {name: facts(first, query) for name, query in queries.items()}


def test_people_can_come_after_the_migration(first, tiny):
    """New rows are numbered after the old ones, and the next place is the lowest free one."""
    from study_server import sessions

    schema.upgrade(first)
    with first.reading() as db:
        material = studies.read_material(db, "tiny")
    visit = first.write(lambda db: sessions.start(db, material, "live", "f" * 24))

    assert visit.slot.number == 2
    assert visit.participant.pseudonym not in ("P-0001", "P-0002")


def test_going_down_to_nothing_leaves_nothing(first):
    """From the newest schema with data to no table at all."""
    schema.upgrade(first)
    schema.downgrade(first, "base")

    assert set(inspect(first.engine).get_table_names()) <= {"alembic_version"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE answer SET response = 'right'",
        "UPDATE answer SET rt_ms = 1",
        "UPDATE trial SET left_condition = right_condition",
        "UPDATE study SET study_file = '{}'",
        "UPDATE study SET name = 'other'",
    ],
)
def test_the_database_refuses_to_change_what_never_changes(first, statement):
    """Answers, plans and what a study froze cannot be updated, whatever program tries."""
    from sqlalchemy.exc import DBAPIError

    schema.upgrade(first)
    with pytest.raises(DBAPIError, match="never change"), first.writing() as db:
        db.execute(text(statement))
