"""What is known of submissions, in whatever order it is heard."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from prolific_config.models import ACTIVE, AWAITING_REVIEW, RETURNED, TIMED_OUT
from study_server.models import Lease, Slot
from study_server.prolific import submissions
from study_server.prolific.submissions import Word
from study_server.prolific.tables import Submission

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def hear(stage, submission_id, *words):
    """Hear words one after the other; return what each was good for."""

    def work(db):
        row = submissions.find(db, submission_id)
        return [submissions.hear(db, row, word) for word in words]

    return stage.database.write(work)


def slot_of(stage, visit):
    """Return the state of a visit's place."""
    with stage.database.reading() as db:
        return db.scalar(select(Slot.state).where(Slot.id == visit.slot_id))


def test_an_old_word_never_hides_a_newer_one(stage) -> None:
    """Nor does the same word again."""
    key = stage.take()
    stage.arrive(key)
    late, early = Word(AWAITING_REVIEW, NOON, "b"), Word(ACTIVE, NOON - timedelta(seconds=1), "c")

    assert hear(stage, key, late, early, late) == [True, False, False]
    assert stage.row(key).status == AWAITING_REVIEW


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_newest_word_holds_in_any_order(stage, data) -> None:
    """Whatever the order, and however often each comes."""
    words = [Word(status, NOON + timedelta(seconds=k), str(k)) for k, status in enumerate(("A", "B", "C", "D"))]
    heard = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=8))
    key = stage.take()

    def work(db):
        row = submissions._new(db, stage.material.study_id, key)
        for word in heard:
            submissions.hear(db, row, word)
        return row.status

    assert stage.database.write(work) == max(heard, key=lambda word: word.at).status


def test_who_returns_gives_the_place_to_the_next(any_stage) -> None:
    """The lease ends as returned, and the slot is free."""
    stage = any_stage
    key = stage.take()
    visit = stage.arrive(key)
    hear(stage, key, Word(RETURNED, NOON))

    assert slot_of(stage, visit) == "free"
    with stage.database.reading() as db:
        assert db.scalar(select(Lease.ended).where(Lease.session_id == visit.id)) == "returned"


def test_who_has_run_out_of_time_does_too(stage) -> None:
    """The lease ends as timed out."""
    key = stage.take()
    visit = stage.arrive(key)
    hear(stage, key, Word(TIMED_OUT, NOON))

    with stage.database.reading() as db:
        assert db.scalar(select(Lease.ended).where(Lease.session_id == visit.id)) == "timed_out"


def test_an_earlier_submission_takes_nothing_from_who_came_again(stage) -> None:
    """Its late return ends no lease of the same person's next visit."""
    first, second = stage.take(), stage.take()
    stage.world.submission(second)["participant"] = stage.world.submission(first)["participant"]
    visit = stage.arrive(first)
    stage.world.now += timedelta(seconds=5)
    assert stage.arrive(second).id == visit.id
    hear(stage, first, Word(RETURNED, NOON))

    assert slot_of(stage, visit) == "leased"


def test_somebody_elses_submission_stays_with_its_visit(stage) -> None:
    """Who comes with the id of another takes nothing away."""
    key, other = stage.take(), stage.take()
    visit = stage.arrive(key)

    def steal(db):
        from study_server import sessions

        thief = sessions.start(db, stage.material, "live", stage.world.submission(other)["participant"])
        submissions.arrive(db, thief, key, stage.world.now)

    stage.database.write(steal)

    assert stage.row(key).session_id == visit.id


def test_a_person_without_a_submissions_id_is_found_by_polling(stage) -> None:
    """By the participant's id, which only the table of identities holds."""
    from study_server import sessions

    key = stage.take()
    person = stage.world.submission(key)["participant"]
    visit = stage.database.write(lambda db: sessions.start(db, stage.material, "live", person))
    stage.reconcile()

    assert stage.row(key).session_id == visit.id
    assert person not in str({c.name: getattr(stage.row(key), c.name) for c in Submission.__table__.columns})
