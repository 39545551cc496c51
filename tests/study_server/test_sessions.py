"""Use cases of a visit: one place for each person, one answer for each trial, nothing lost."""

import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from study_server import schema, sessions, studies
from study_server.db import Database
from study_server.errors import (
    AnswerConflictError,
    MaterialError,
    PlacesTakenError,
    StudyFrozenError,
    StudyUnreadableError,
    UnfinishedError,
)
from study_server.models import Answer, Identity, Session, Slot, Study, Trial
from study_server.submission import Submission


def submission(trial, response="left", uuid=None):
    """Return an answer as the page would send it."""
    return Submission(
        uuid=uuid or uuid4(), trial=trial.trial_index, response=response, rt_ms=900.5, shown_at=datetime.now(UTC)
    )


@pytest.fixture
def visit(created, material):
    """A visit that has agreed."""
    with created.writing() as db:
        session = sessions.start(db, material, "live", "a" * 24)
        sessions.agree(db, material, session)
    return session


def test_arrivals_take_the_lowest_free_places(created, material):
    """Places are leased in order, and a declined one is given to the next."""
    with created.writing() as db:
        first, second = (sessions.start(db, material, "live") for _ in range(2))
        sessions.decline(db, first)
        third = sessions.start(db, material, "live")

    assert [first.slot_number, second.slot_number, third.slot_number] == [0, 1, 0]
    assert first.token != third.token


def test_the_same_person_comes_back_to_the_same_session(created, material, visit):
    """A known external id starts nothing new."""
    with created.writing() as db:
        again = sessions.start(db, material, "live", "a" * 24)
        count = db.scalar(select(func.count()).select_from(Session))

    assert visit.id == again.id
    assert count == 1


def test_twenty_arrivals_at_once_of_one_person_make_one_session(created, material):
    """Twenty simultaneous starts with one external id lease one place."""
    tokens = _at_once(20, lambda i: _start(created, material, "p" * 24))

    assert len(set(tokens)) == 1


def test_many_arrivals_at_once_take_different_places(created, material):
    """Simultaneous starts never share a slot or a pseudonym, and those too many are told so."""
    results = _at_once(8, lambda i: _start(created, material, f"person{i}"))

    with created.reading() as db:
        taken = list(db.scalars(select(Slot.number).where(Slot.session_id.is_not(None))))
    assert sorted(taken) == list(range(6))
    assert results.count("full") == 2


def test_a_full_study_says_so(created, material):
    """The seventh person of six is refused, and nothing is stored about them."""
    with created.writing() as db:
        for _ in range(6):
            sessions.start(db, material, "live")
    with pytest.raises(PlacesTakenError, match="all 6 places are taken"), created.writing() as db:
        sessions.start(db, material, "live", "z" * 24)
    with created.reading() as db:
        assert db.scalar(select(func.count()).select_from(Identity)) == 0


def test_simulated_observers_take_no_place_of_a_person(created, material):
    """Bots have slots of their own, as many as come."""
    with created.writing() as db:
        bots = [sessions.start(db, material, "bot").slot_number for _ in range(8)]
        person = sessions.start(db, material, "live")

    assert list(range(8)) == bots
    assert person.slot_number == 0


def test_consent_comes_before_any_trial(created, material):
    """Without consent there is no trial that could be answered; consenting twice plans once."""
    with created.writing() as db:
        session = sessions.start(db, material, "live")
        before = len(sessions.trials_of(db, session))
        sessions.agree(db, material, session)
        sessions.agree(db, material, session)
        after = len(sessions.trials_of(db, session))

    assert (before, after) == (0, 10)
    assert session.consented_at is not None
    assert len(session.consent_sha256) == 64


def test_declining_forgets_who_it_was(created, material):
    """Who does not agree leaves no identity and no place behind."""
    with created.writing() as db:
        sessions.decline(db, sessions.start(db, material, "live", "d" * 24))
    with created.reading() as db:
        assert db.scalar(select(func.count()).select_from(Identity)) == 0
        assert db.scalar(select(func.count()).where(Slot.session_id.is_not(None))) == 0


def test_an_answer_sent_again_is_the_same_answer(created, visit):
    """The same client id returns the stored row; nothing is stored twice."""
    with created.writing() as db:
        trial = sessions.trials_of(db, visit)[0]
        sent = submission(trial)
        first = sessions.answer(db, trial, sent)
    with created.writing() as db:
        again = sessions.answer(db, trial, sent)
        count = db.scalar(select(func.count()).select_from(Answer))

    assert first.id == again.id
    assert count == 1


def test_the_first_of_two_answers_stands(created, visit):
    """A second answer to a trial is refused, whether it says the same or not."""
    with created.writing() as db:
        trial = sessions.trials_of(db, visit)[0]
        sessions.answer(db, trial, submission(trial, "left"))
    for response in ("left", "right"):
        with pytest.raises(AnswerConflictError, match="Trial 0 was answered before"), created.writing() as db:
            sessions.answer(db, trial, submission(trial, response))
    with created.reading() as db:
        assert db.scalar(select(Answer.response)) == "left"


def test_one_client_id_cannot_answer_two_trials(created, visit):
    """A client id names one answer to one trial."""
    with created.writing() as db:
        one, two = sessions.trials_of(db, visit)[:2]
        sent = submission(one)
        sessions.answer(db, one, sent)
    with pytest.raises(AnswerConflictError), created.writing() as db:
        sessions.answer(db, two, submission(two, uuid=sent.uuid))


def test_answers_at_once_to_one_trial_leave_one(created, visit):
    """Ten different answers at the same moment: one is stored, nine are refused."""
    with created.reading() as db:
        trial = sessions.trials_of(db, visit)[0]

    results = _at_once(10, lambda i: _answer(created, trial))

    assert sorted(results) == ["conflict"] * 9 + ["stored"]


def test_a_visit_goes_on_at_the_first_unanswered_trial(created, visit):
    """What is answered is not asked again."""
    with created.writing() as db:
        for trial in sessions.trials_of(db, visit)[:3]:
            sessions.answer(db, trial, submission(trial))
    with created.reading() as db:
        assert sessions.unanswered(db, visit)[0].trial_index == 3


def test_a_visit_finishes_only_with_every_answer(created, visit):
    """Finishing early is refused and says how much is missing; finishing twice changes nothing."""
    with pytest.raises(UnfinishedError, match="10 unanswered"), created.writing() as db:
        sessions.finish(db, db.get_one(Session, visit.id))
    with created.writing() as db:
        for trial in sessions.trials_of(db, visit):
            sessions.answer(db, trial, submission(trial))
        session = db.get_one(Session, visit.id)
        sessions.finish(db, session)
        finished_at = session.finished_at
        sessions.finish(db, session)

    assert (session.state, session.finished_at) == ("finished", finished_at)


def test_only_the_identity_table_knows_the_external_id(created, visit):
    """A Prolific id stands in one table and nowhere else."""
    with created.engine.connect() as connection:
        dump = [line for line in connection.connection.iterdump() if "a" * 24 in line]

    assert len(dump) == 1
    assert 'INSERT INTO "identity"' in dump[0]


def test_creating_the_same_study_again_changes_nothing(created, tiny, manifest, stimuli_folder):
    """Create is idempotent for the same digests, and a changed study needs another name."""
    with created.writing() as db:
        assert not studies.create(db, tiny.study_file(), manifest, stimuli_folder)
        assert db.scalar(select(func.count()).select_from(Study)) == 1
        assert db.scalar(select(func.count()).select_from(Trial)) == 0
    with pytest.raises(StudyFrozenError, match="frozen, with other contents: design or texts"), created.writing() as db:
        studies.create(db, tiny.study_file(main_trials=6), manifest, stimuli_folder)


def test_a_study_of_another_version_is_named_in_one_line(created, app):
    """A frozen study that this program cannot read is an expected error, and its page says that nothing is lost."""
    with created.writing() as db:
        row = db.scalars(select(Study)).one()
        row.study_file = {**row.study_file, "analysis": {"retired": 1}}
    with (
        pytest.raises(StudyUnreadableError, match=r"another version of BudgetFusion: analysis\.retired"),
        created.reading() as db,
    ):
        studies.read_material(db, "tiny")

    page = app.test_client().get("/s/tiny")

    assert (page.status_code, "Nothing is lost" in page.text) == (503, True)


def test_images_that_cannot_fill_the_design_are_refused(tiny, manifest):
    """Each fault of the material is named with its remedy."""
    no_mains = manifest.model_copy(update={"items": [i for i in manifest.items if i.purpose != "main"]})
    faults = [
        (tiny.study_file(), no_mains, "no item of purpose main"),
        (tiny.study_file(repeats=5), manifest, "5 repeats, expected at most 4"),
        (tiny.study_file(), manifest.model_copy(update={"study": "other"}), "images of study 'other'"),
        (tiny.study_file(), manifest.model_copy(update={"digests": {"stimuli": "0"}}), "stimuli render"),
        (tiny.study_file(), manifest.model_copy(update={"compare": ("OURS", "X")}), r"without \['X'\]"),
    ]
    for study, shown, message in faults:
        with pytest.raises(MaterialError, match=message):
            studies.check_material(study, shown)


def test_arrivals_and_answers_at_once_on_postgresql(postgres, tiny, manifest, stimuli_folder):
    """On PostgreSQL too, simultaneous people get different places, one person one session, one trial one answer."""
    database = Database(postgres)
    schema.upgrade(database)
    with database.writing() as db:
        studies.create(db, tiny.study_file(), manifest, stimuli_folder)
    with database.reading() as db:
        material = studies.read_material(db, "tiny")

    people = _at_once(8, lambda i: _start(database, material, f"person{i}"))
    with database.reading() as db:
        session = db.scalars(select(Session).order_by(Session.id)).first()
        person = db.scalar(select(Identity.external_id).where(Identity.participant_id == session.participant_id))
    tokens = _at_once(8, lambda i: _start(database, material, person))
    _at_once(4, lambda i: _agree(database, material, session))
    with database.reading() as db:
        trials = sessions.trials_of(db, session)
    trial = trials[0]
    answers = _at_once(8, lambda i: _answer(database, trial))
    schema.downgrade(database, "base")
    database.close()

    assert (people.count("full"), len(set(people))) == (2, 7)
    assert (len(set(tokens)), len(trials)) == (1, 10)
    assert sorted(answers) == ["conflict"] * 7 + ["stored"]


def _start(database, material, external_id):
    try:
        with database.writing() as db:
            return sessions.start(db, material, "live", external_id).token
    except PlacesTakenError:
        return "full"


def _agree(database, material, session):
    with database.writing() as db:
        sessions.agree(db, material, db.get_one(Session, session.id))


def _answer(database, trial):
    try:
        with database.writing() as db:
            sessions.answer(db, trial, submission(trial))
    except AnswerConflictError:
        return "conflict"
    return "stored"


def _at_once(count, act):
    results, start = [], threading.Barrier(count)

    def run(i):
        start.wait()
        results.append(act(i))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
