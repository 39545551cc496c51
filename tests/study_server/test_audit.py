"""The chains find every change behind the server's back, and bear lawful erasure."""

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from study_server import audit, privacy, sessions
from study_server.chain import START, leaf_of, link_of
from study_server.ledger import Audit, Event
from study_server.models import Answer, Identity, Session, Slot
from study_server.verification import verify


@pytest.fixture
def desk(any_created, use_cases):
    """Two finished visits and an open one, on a database of each kind."""
    made = use_cases(any_created)
    made.visits = []
    for person in "abc":
        visit, bearer = made.enter(person * 24)
        made.visits.append(visit)
        if person == "c":
            made.answer(bearer, 0)
        else:
            made.complete(visit, bearer)
    made.do(audit.checkpoint)
    return made


def verdict(desk, head=None):
    """Check the chains."""
    with desk.database.reading() as db:
        return verify(db, head)


def meddle(desk, statement):
    """Change the database as somebody who may do everything."""
    with desk.database.writing() as db:
        for table in ("answer", "audit", "trial", "study"):
            on = "" if desk.database.is_sqlite else f" ON {table}"
            db.execute(text(f"DROP TRIGGER {table}_never{on}"))
        db.execute(text(statement))


def test_an_untouched_database_has_no_fault(desk):
    """Twenty-one answers, their consents and ends, and the desk's entries hold together."""
    found = verdict(desk)

    assert (found.faults, found.erasures) == ([], [])
    assert found.entries > 21


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE answer SET response = 'right' WHERE id = 3", "session 1: answer to trial 2"),
        ("UPDATE answer SET rt_ms = rt_ms + 1 WHERE id = 3", "session 1: answer to trial 2"),
        ("UPDATE answer SET flags = 'hidden' WHERE id = 12", "session 2: answer to trial 1"),
        ("DELETE FROM answer WHERE id = 4", "session 1: found position 7, expected 6"),
        ("DELETE FROM answer WHERE id = 21", "session 3: found 2 entries, expected 3: the end was changed"),
        (
            "INSERT INTO answer SELECT 99, 3, id, 'u', 'left', 1, '2026-01-01', '2026-01-01', '', 4, 's', 'l' "
            "FROM trial WHERE slot_id = 3 AND trial_index = 5",
            "session 3: answer to trial 5",
        ),
        ("UPDATE audit SET detail = '{\"extra\": true}' WHERE what = 'finish' AND session_id = 1", "entry 'finish'"),
        ("DELETE FROM audit WHERE what = 'create'", "desk: found position"),
        ("UPDATE audit SET actor = 'me' WHERE what = 'checkpoint'", "desk: entry 'checkpoint'"),
        (
            "UPDATE trial SET left_condition = right_condition, right_condition = left_condition WHERE id = 3",
            "the plan of slot 0 is not what its number gives",
        ),
        ("UPDATE session SET slot_id = 5 WHERE id = 1", "session 1: found slot 4, expected slot 0"),
    ],
)
def test_a_changed_removed_or_inserted_row_is_found(desk, statement, says):
    """Whoever changes a row past the server is found, and the row is named."""
    meddle(desk, statement)

    assert any(says in fault for fault in verdict(desk).faults), verdict(desk).faults


def test_a_history_written_anew_is_found_by_a_kept_head(desk):
    """Somebody who computes a whole chain again passes only without the head that was kept elsewhere."""
    kept = verdict(desk).head
    assert verdict(desk, kept).faults == []
    with desk.database.reading() as db:
        rows = list(db.scalars(select(Audit).where(Audit.session_id.is_(None)).order_by(Audit.position)))
    head, statements = START, []
    for row in rows:
        leaf = leaf_of("s", ["entry", row.what, "me", None, "x"])
        head = link_of(head, leaf)
        statements.append((row.id, leaf, head))
    meddle(desk, "DELETE FROM audit WHERE what = 'nothing'")
    with desk.database.writing() as db:
        for row_id, leaf, link in statements:
            values = {"leaf": leaf, "link": link, "id": row_id}
            db.execute(text("UPDATE audit SET salt = NULL, leaf = :leaf, link = :link WHERE id = :id"), values)

    assert verdict(desk).faults == []
    assert any("is not in the chain" in fault for fault in verdict(desk, kept).faults)


def test_a_session_that_vanished_after_a_checkpoint_is_found(desk):
    """A checkpoint remembers every session's head."""
    meddle(desk, "DELETE FROM answer WHERE session_id = 3")
    with desk.database.writing() as db:
        for table in ("audit", "lease"):
            db.execute(text(f"DELETE FROM {table} WHERE session_id = 3"))  # noqa: S608 - fixed words
        db.execute(text("DELETE FROM session WHERE id = 3"))

    assert any("session 3: position 3 is not as checkpoint" in fault for fault in verdict(desk).faults)


def test_an_erasure_passes_and_is_listed(desk):
    """Erasing takes rows, salts and identity; the chains still hold, say what is gone, and the place is free."""
    count = desk.do(lambda db: privacy.erase(db, privacy.find(db, desk.material, "P-0001"), "anna"))
    found = verdict(desk)

    assert (count, found.faults) == (10, [])
    assert found.erasures == ["session 1: 13 entries erased"]
    assert desk.count(Answer, Answer.session_id == 1) == 0
    assert desk.count(Audit, Audit.session_id == 1, Audit.salt.is_not(None)) == 0
    with desk.database.reading() as db:
        assert db.scalar(select(Slot.state).where(Slot.number == 0)) == "free"
        assert db.scalar(select(Audit.actor).where(Audit.what == "erase")) == "anna"
    assert desk.start("d" * 24).slot.number == 0


def test_a_row_changed_after_an_erasure_is_still_found(desk):
    """Tombstones of one visit do not hide what happens to another."""
    desk.do(lambda db: privacy.erase(db, db.get_one(Session, 1), "anna"))
    meddle(desk, "UPDATE answer SET response = 'right' WHERE session_id = 2 AND position = 5")

    assert any(fault.startswith("session 2") for fault in verdict(desk).faults)


def test_nothing_of_an_erased_person_is_in_the_files(created, use_cases):
    """After erasing, neither the external id nor an answer's id is in a dump or in the bytes of the database."""
    desk = use_cases(created)
    _, bearer = desk.enter("e" * 24)
    uuid = desk.answer(bearer, 0).uuid
    desk.do(lambda db: privacy.erase(db, privacy.find(db, desk.material, "e" * 24), "anna"))
    privacy.scrub(created)
    with created.engine.connect() as connection:
        dump = "\n".join(connection.connection.iterdump())
    files = b"".join(Path(created.engine.url.database + end).read_bytes() for end in ("", "-wal"))

    for secret in ("e" * 24, uuid):
        assert secret not in dump
        assert secret.encode() not in files


def test_anonymising_forgets_everybody_and_keeps_the_answers(desk):
    """All identities go, at once; who was asked for by id is nobody now."""
    answers = desk.count(Answer)
    assert desk.do(privacy.anonymise, desk.material, "anna") == 3

    assert (desk.count(Identity), desk.count(Answer)) == (0, answers)
    assert desk.do(privacy.anonymise, desk.material, "anna") == 0
    assert verdict(desk).faults == []


def test_a_retention_date_names_the_study_when_it_has_passed(desk):
    """Before the day nothing is due; after it the study is, until it is anonymised."""
    from datetime import UTC, datetime, timedelta

    day = datetime.now(UTC)
    desk.do(privacy.retain, desk.material, day, "anna")
    with desk.database.reading() as db:
        assert privacy.due(db, day - timedelta(days=1)) == ()
        assert privacy.due(db, day + timedelta(days=1)) == ("tiny",)
    desk.do(privacy.anonymise, desk.material, "anna")
    with desk.database.reading() as db:
        assert privacy.due(db, day + timedelta(days=1)) == ()


def test_the_head_moves_the_same_in_sql_as_in_python(desk):
    """The database's own SHA-256 and Python's agree, also beyond ASCII."""
    from study_server.chain import linked

    with desk.database.reading() as db:
        found = db.scalar(select(linked("ä" * 64, "ß")))

    assert found == link_of("ä" * 64, "ß") == hashlib.sha256(("ä" * 64 + "ß").encode()).hexdigest()
    text_of = json.dumps({"a": "ä", "b": 1}, ensure_ascii=False, separators=(",", ":"))
    assert leaf_of("s", {"b": 1, "a": "ä"}) == hashlib.sha256(f"s{text_of}".encode()).hexdigest()


def test_two_entries_of_the_desk_at_once_are_both_kept(desk):
    """Entries of the desk wait for each other or try again; the chain has no gap."""
    from concurrent.futures import ThreadPoolExecutor

    before = desk.count(Audit, Audit.session_id.is_(None))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: desk.do(audit.record, "note", {"i": i}), range(8)))

    assert desk.count(Audit, Audit.session_id.is_(None)) == before + 8
    assert verdict(desk).faults == []


def test_erasing_an_open_visit_closes_it(desk):
    """The window of an erased visit answers nothing any more, and its events are gone."""
    visit = desk.visits[2]
    bearer = desk.with_row(sessions.hand_over, visit)
    desk.do(lambda db: privacy.erase(db, db.get_one(Session, visit.id), "participant"))
    with pytest.raises(Exception, match="over"):
        desk.answer(bearer, 1)

    assert desk.count(Event, Event.session_id == visit.id) == 0
    with desk.database.reading() as db:
        assert db.scalar(select(func.count()).where(Session.state == "withdrawn")) == 1
