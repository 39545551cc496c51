"""Versions of a study: numbered, frozen, one takes people in, and nobody twice in all of them."""

import json

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from study_server import export, schema, sessions, states, studies
from study_server.db import Database
from study_server.errors import StudyRestsError, SupersededError
from study_server.models import Identity, Study

PERSON = "a" * 24


def publish(database, tiny, manifest, folder, trials=3, **study):
    """Publish a changed study as the next version and return its material."""
    made = tiny.study_file(main_trials=trials)
    made = made.model_copy(update={"study": made.study.model_copy(update=study)})
    with database.writing() as db:
        assert studies.create(db, made, manifest, folder, new_version=True)
        return studies.read_newest(db, "tiny")


def test_a_changed_study_becomes_the_next_version(any_created, tiny, manifest, stimuli_folder):
    """It has its own number and address, the first stays readable as it was, and the newest is found by the name."""
    second = publish(any_created, tiny, manifest, stimuli_folder)
    with any_created.reading() as db:
        first = studies.read_material(db, "tiny")
        newest = studies.read_newest(db, "tiny")

    assert (second.name, second.version, newest.name) == ("tiny.2", 2, "tiny.2")
    assert (first.name, first.version, first.study.design.main_trials) == ("tiny", 1, 4)
    assert newest.study.design.main_trials == 3


def test_the_same_version_again_changes_nothing(any_created, tiny, manifest, stimuli_folder):
    """Asked for twice, the second version is made once."""
    publish(any_created, tiny, manifest, stimuli_folder)
    with any_created.writing() as db:
        assert not studies.create(db, tiny.study_file(main_trials=3), manifest, stimuli_folder, new_version=True)
        assert list(db.scalars(select(Study.version).order_by(Study.version))) == [1, 2]


def test_only_the_newest_takes_people_in(any_created, tiny, manifest, stimuli_folder):
    """Who is inside the first goes on there; nobody new comes, and it cannot be resumed."""
    with any_created.reading() as db:
        first = studies.read_material(db, "tiny")
    inside = any_created.write(lambda db: sessions.start(db, first, "live", PERSON))
    second = publish(any_created, tiny, manifest, stimuli_folder)

    with pytest.raises(StudyRestsError, match="version 2 takes its place"):
        any_created.write(lambda db: sessions.start(db, first, "live", "b" * 24))
    with pytest.raises(SupersededError, match=r"tiny\.2"):
        any_created.write(lambda db: states.resume(db, first, "somebody"))
    any_created.write(lambda db: sessions.agree(db, first, sessions.locked(db, inside.id)))
    with any_created.reading() as db:
        planned = sessions.trials_of(db, sessions.find(db, inside.token))
        assert {trial.study_id for trial in planned} == {first.study_id}
    assert any_created.write(lambda db: sessions.start(db, second, "live", "b" * 24)).study_id == second.study_id


def test_a_full_first_version_is_not_reopened(any_created, tiny, manifest, stimuli_folder):
    """A place that is given back in an older version lets nobody in."""
    with any_created.reading() as db:
        first = studies.read_material(db, "tiny")
    visits = [any_created.write(lambda db, k=k: sessions.start(db, first, "live", f"{k}" * 24)) for k in range(7)]
    publish(any_created, tiny, manifest, stimuli_folder)
    any_created.write(lambda db: sessions.withdraw(db, sessions.locked(db, visits[0].id)))
    with any_created.reading() as db:
        assert states.state_of(db, first) == ("paused", "version 2 takes its place")


def test_nobody_takes_part_twice(any_created, tiny, manifest, stimuli_folder):
    """Who came to the first version comes back to that visit, and the database refuses a second one."""
    with any_created.reading() as db:
        first = studies.read_material(db, "tiny")
    visit = any_created.write(lambda db: sessions.start(db, first, "live", PERSON))
    second = publish(any_created, tiny, manifest, stimuli_folder)

    assert any_created.write(lambda db: sessions.start(db, second, "live", PERSON)).id == visit.id
    other = any_created.write(lambda db: sessions.start(db, second, "live", "b" * 24))
    rename = update(Identity).where(Identity.participant_id == other.participant_id).values(external_id=PERSON)
    with pytest.raises(IntegrityError), any_created.writing() as db:
        db.execute(rename)


def test_a_study_may_let_people_return(any_created, tiny, manifest, stimuli_folder):
    """Where the study file says so, the next version is a study of its own for who took the first."""
    with any_created.reading() as db:
        first = studies.read_material(db, "tiny")
    visit = any_created.write(lambda db: sessions.start(db, first, "live", PERSON))
    second = publish(any_created, tiny, manifest, stimuli_folder, returning="each-version")

    again = any_created.write(lambda db: sessions.start(db, second, "live", PERSON))
    assert (again.id != visit.id, again.study_id) == (True, second.study_id)


def test_rows_name_their_version(any_created, tiny, manifest, stimuli_folder):
    """The export's column `study` is the version's address."""
    second = publish(any_created, tiny, manifest, stimuli_folder)
    with any_created.reading() as db:
        assert export.choices(db, second) == []
    assert studies.address("tiny", 1) == "tiny"
    assert second.name == studies.address("tiny", 2)


@pytest.mark.parametrize("statement", ["UPDATE study SET version = 3", "UPDATE study SET series = 'other'"])
def test_a_version_keeps_its_number(any_created, statement):
    """Number and series are frozen like the rest."""
    with pytest.raises(DBAPIError, match="never change"), any_created.writing() as db:
        db.execute(text(statement))


def test_who_came_before_is_led_to_their_own_version(app, created, tiny, manifest, stimuli_folder):
    """The start page of the second version leads a known person into the visit of the first."""
    with created.reading() as db:
        first = studies.read_material(db, "tiny")
    created.write(lambda db: sessions.start(db, first, "live", PERSON))
    publish(created, tiny, manifest, stimuli_folder)
    browser = app.test_client()
    page = browser.get(f"/s/tiny.2?PROLIFIC_PID={PERSON}").get_data(as_text=True)
    token = page.split('name="form_token" value="')[1].split('"')[0]
    answer = browser.post("/s/tiny.2/start", data={"external_id": PERSON, "form_token": token})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/s/tiny/consent")


def test_versions_survive_the_way_down_and_up(any_url, tiny, manifest, stimuli_folder):
    """Down, both versions stay as studies of their address; up again, each is the first of itself."""
    opened = Database(any_url)
    schema.upgrade(opened)
    with opened.writing() as db:
        studies.create(db, tiny.study_file(), manifest, stimuli_folder)
        first = studies.read_material(db, "tiny")
    opened.write(lambda db: sessions.start(db, first, "live", PERSON))
    publish(opened, tiny, manifest, stimuli_folder)

    def kept():
        with opened.reading() as db:
            rows = db.execute(text("SELECT name, study_digest, state, study_file FROM study ORDER BY id")).all()
            people = db.execute(text("SELECT study_id, external_id, participant_id FROM identity")).all()
        return [(r[0], r[1], r[2], r[3] if isinstance(r[3], dict) else json.loads(r[3])) for r in rows], people

    before = kept()
    for _ in range(2):
        schema.downgrade(opened, "4")
        assert kept() == before
        with pytest.raises(DBAPIError, match="never change"), opened.writing() as db:
            db.execute(text("UPDATE study SET name = 'other'"))
        schema.upgrade(opened)
    assert kept() == before
    with opened.reading() as db:
        assert studies.read_newest(db, "tiny").name == "tiny"
    opened.close()
