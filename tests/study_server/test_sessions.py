"""Use cases of a visit: one place for each person, one answer for each trial, nothing lost, on both databases."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from study_server import codes, leases, privacy, sessions, states, studies
from study_server.errors import (
    AnswerConflictError,
    MaterialError,
    StudyFrozenError,
    StudyRestsError,
    StudyUnreadableError,
    TrialUnknownError,
    UnfinishedError,
    VisitUnknownError,
)
from study_server.ledger import Audit
from study_server.models import Answer, Identity, Lease, Session, Slot, Study
from study_server.verification import verify

LATER = timedelta(hours=2)


@pytest.fixture
def desk(any_created, use_cases):
    """The use cases, on a database of each kind."""
    return use_cases(any_created)


def test_arrivals_take_the_lowest_free_places(desk):
    """Places are leased in order, and a declined one is given to the next."""
    first, second = desk.start(), desk.start()
    desk.with_row(sessions.decline, first)
    third = desk.start()

    assert [first.slot.number, second.slot.number, third.slot.number] == [0, 1, 0]
    assert len({visit.token for visit in (first, second, third)}) == 3


def test_the_same_person_comes_back_to_the_same_session(desk):
    """A known external id starts nothing new."""
    assert desk.start("a" * 24).id == desk.start("a" * 24).id
    assert desk.count(Session) == 1


def test_twenty_arrivals_at_once_of_one_person_make_one_session(desk):
    """Twenty simultaneous starts with one external id lease one place."""
    tokens = _at_once(20, lambda i: desk.start("p" * 24).token)

    assert len(set(tokens)) == 1
    assert desk.count(Slot, Slot.state == "leased") == 1


def test_many_arrivals_at_once_take_different_places(desk):
    """Simultaneous starts never share a slot or a pseudonym; those too many are full, and the study pauses itself."""
    visits = _at_once(9, lambda i: desk.start(f"person{i}"))

    assert sorted(v.slot.number for v in visits if v.state == "started") == list(range(6))
    assert [v.state for v in visits].count("full") == 3
    assert len({v.participant.pseudonym for v in visits}) == 9
    with desk.database.reading() as db:
        assert states.state_of(db, desk.material) == ("paused", states.FULL)


def test_who_comes_too_late_has_a_paid_way_out_and_gets_a_place_that_becomes_free(desk):
    """The seventh of six is stored as full; when a place is given back, the study opens and the same link lets in."""
    visits = [desk.start(f"{i}") for i in range(6)]
    late = desk.start("late")
    assert (late.state, late.slot) == ("full", None)
    desk.with_row(sessions.give_back, visits[2], "returned")
    with desk.database.reading() as db:
        assert states.state_of(db, desk.material)[0] == "open"
    again = desk.start("late")

    assert (again.id, again.state, again.slot.number) == (late.id, "started", 2)


def test_simulated_observers_take_no_place_of_a_person(desk):
    """Bots have slots of their own, as many as come."""
    bots = [desk.start(mode="bot").slot.number for _ in range(8)]

    assert list(range(8)) == bots
    assert desk.start().slot.number == 0


def test_a_pilot_has_as_many_places_as_the_study(desk):
    """Places of a pilot are made when somebody comes, and no more than the design has."""
    pilots = [desk.start(mode="pilot") for _ in range(7)]

    assert [v.state for v in pilots] == ["started"] * 6 + ["full"]


def test_consent_is_stored_before_any_answer(desk):
    """Without consent there are no trials and no bearer that answers; consenting twice is consenting once."""
    visit = desk.start()
    bearer = desk.with_row(sessions.hand_over, visit)
    with pytest.raises(VisitUnknownError):
        desk.answer(bearer, 0)
    for _ in range(2):
        desk.do(lambda db: sessions.agree(db, desk.material, db.get_one(Session, visit.id)))
    with desk.database.reading() as db:
        stored = db.get_one(Session, visit.id)
        assert len(sessions.trials_of(db, stored)) == 10
        assert len(stored.consent_sha256) == 64


def test_declining_forgets_who_it_was(desk):
    """Who does not agree leaves no identity and no place behind."""
    desk.with_row(sessions.decline, desk.start("d" * 24))

    assert [desk.count(Identity), desk.count(Slot, Slot.state != "free")] == [0, 0]


def test_an_answer_sent_again_is_the_same_answer(desk):
    """The same client id returns the stored answer; nothing is stored twice."""
    _, bearer = desk.enter()
    uuid = uuid4()
    told = [desk.answer(bearer, 3, uuid=uuid) for _ in range(3)]

    assert [stored.is_new for stored in told] == [True, False, False]
    assert {stored.uuid for stored in told} == {str(uuid)}
    assert desk.count(Answer) == 1


def test_the_first_of_two_answers_stands_and_the_second_is_audited(desk):
    """A second answer to a trial is refused, whether it says the same or not, and leaves an entry in the chain."""
    _, bearer = desk.enter()
    desk.answer(bearer, 0, "left")
    for response in ("left", "right"):
        with pytest.raises(AnswerConflictError, match="Trial 0 was answered before"):
            desk.answer(bearer, 0, response)

    assert desk.count(Audit, Audit.what == "conflict") == 2
    with desk.database.reading() as db:
        assert db.scalars(select(Answer.response)).all() == ["left"]
        assert verify(db).faults == []


def test_one_client_id_cannot_answer_two_trials(desk):
    """A client id names one answer to one trial."""
    _, bearer = desk.enter()
    uuid = uuid4()
    desk.answer(bearer, 0, uuid=uuid)
    with pytest.raises(AnswerConflictError):
        desk.answer(bearer, 1, uuid=uuid)

    assert desk.count(Answer) == 1


def test_a_trial_that_is_not_there_is_not_answered(desk):
    """An index beyond the plan stores nothing, and moves no chain."""
    visit, bearer = desk.enter()
    with pytest.raises(TrialUnknownError, match="no trial 10"):
        desk.answer(bearer, 10)

    with desk.database.reading() as db:
        assert (desk.count(Answer), db.get_one(Session, visit.id).position) == (0, 2)


def test_answers_at_once_to_one_trial_leave_one(desk):
    """Ten different answers at the same moment: one is stored, nine are refused."""
    _, bearer = desk.enter()

    results = _at_once(10, lambda i: _outcome(lambda: desk.answer(bearer, 0)))

    assert sorted(results) == ["AnswerConflictError"] * 9 + ["stored"]
    with desk.database.reading() as db:
        assert verify(db).faults == []


def test_answers_at_once_to_all_trials_are_all_stored(desk):
    """Reordered and simultaneous answers of one session are each stored once, in one unbroken chain."""
    _, bearer = desk.enter()
    results = _at_once(10, lambda i: _outcome(lambda: desk.answer(bearer, 9 - i)))

    assert results == ["stored"] * 10
    with desk.database.reading() as db:
        assert verify(db).faults == []


def test_only_the_newest_window_answers(desk):
    """When a visit is opened elsewhere, what the older window held opens nothing; neither does a forged bearer."""
    visit, old = desk.enter()
    new = desk.with_row(sessions.hand_over, visit)
    for bearer in (old, "forged", new[:-1]):
        with pytest.raises(VisitUnknownError, match="another window"):
            desk.answer(bearer, 0)
    desk.answer(new, 0)

    assert desk.count(Answer) == 1


def test_a_visit_goes_on_at_the_first_unanswered_trial(desk):
    """What is answered is not asked again."""
    visit, bearer = desk.enter()
    for index in range(3):
        desk.answer(bearer, index)
    with desk.database.reading() as db:
        assert sessions.unanswered(db, db.get_one(Session, visit.id))[0].trial_index == 3


def test_a_visit_finishes_only_with_every_answer(desk):
    """Finishing early is refused and says how much is missing; finishing twice changes nothing."""
    visit, bearer = desk.enter()
    with pytest.raises(UnfinishedError, match="10 unanswered"):
        desk.with_row(sessions.finish, visit)
    first = desk.complete(visit, bearer).finished_at
    again = desk.with_row(sessions.finish, visit)

    assert (again.state, again.finished_at) == ("finished", first)
    assert desk.count(Slot, Slot.state == "finished") == 1


def test_an_expired_place_is_given_to_the_next_and_the_late_finisher_is_extra(desk):
    """After the lease's time the slot is reissued whole; who finishes late is kept, the slot is the new holder's."""
    now = datetime.now(UTC)
    late, bearer = desk.enter(now=now)
    desk.answer(bearer, 0)
    for _ in range(5):
        desk.start(now=now)
    heir, heirs = desk.enter(now=now + LATER)
    for index in range(1, 10):
        desk.answer(bearer, index)
    desk.with_row(sessions.finish, late)
    with desk.database.reading() as db:
        ended = db.scalar(select(Lease.ended).where(Lease.session_id == late.id))
        detail = db.scalar(select(Audit.detail).where(Audit.session_id == late.id, Audit.what == "finish"))
    assert (heir.slot.number, ended, detail) == (0, "expired", {"extra": True})
    assert desk.count(Slot, Slot.state == "finished") == 0
    desk.complete(heir, heirs)
    assert desk.count(Slot, Slot.state == "finished") == 1


def test_who_is_late_and_finds_the_place_free_still_counts(desk):
    """A lease that ran out and that nobody needed is finished by its holder."""
    now = datetime.now(UTC)
    visit, bearer = desk.enter(now=now)
    desk.complete(visit, bearer, now + LATER)

    assert desk.count(Lease, Lease.ended == "finished") == 1


def test_leases_can_be_ended_all_at_once(desk):
    """The sweep frees what has run out and nothing else."""
    now = datetime.now(UTC)
    for _ in range(3):
        desk.start(now=now)
    desk.start(now=now + LATER)

    assert desk.do(leases.expire, desk.material, now + LATER) == 2
    assert desk.count(Slot, Slot.state == "leased") == 1  # the last to come took the first place over


def test_a_paused_study_lets_nobody_new_in_and_those_inside_go_on(desk):
    """Pausing refuses arrivals with its reason, keeps visits, and is recorded with who did it."""
    visit, bearer = desk.enter("a" * 24)
    assert desk.do(states.pause, desk.material, "the disk is odd", "somebody")
    with pytest.raises(StudyRestsError, match=r"paused \(the disk is odd\)"):
        desk.start("b" * 24)
    assert desk.start("a" * 24).id == visit.id
    assert desk.answer(bearer, 0).is_new
    assert desk.do(states.resume, desk.material, "somebody")

    assert desk.start("b" * 24).state == "started"


def test_a_closed_study_stays_closed(desk):
    """Closing checkpoints the chains; nobody comes any more, whatever is wished."""
    desk.do(states.close, desk.material, "somebody")
    assert not desk.do(states.resume, desk.material, "somebody")
    with pytest.raises(StudyRestsError, match="closed"):
        desk.start()

    assert desk.count(Audit, Audit.what == "checkpoint") == 1


def test_every_outcome_has_a_code_of_its_own(desk):
    """Eight outcomes, eight codes, and none of them is another's."""
    with desk.database.reading() as db:
        found = codes.codes(db, desk.material.study_id)

    assert len(found) == len(set(found.values())) == 8


def test_withdrawing_gives_the_place_back(desk):
    """Who leaves keeps no place; without the wish to erase, the answers stay, as extra."""
    visit, bearer = desk.enter()
    desk.answer(bearer, 0)
    desk.with_row(sessions.withdraw, visit)

    assert [desk.count(Slot, Slot.state == "leased"), desk.count(Answer)] == [0, 1]
    with pytest.raises(VisitUnknownError):
        desk.answer(bearer, 1)


def test_who_came_too_late_can_be_erased_too(desk):
    """A visit without a place is forgotten like any other."""
    for person in range(7):
        visit = desk.start(f"{person}")
    desk.do(lambda db: privacy.erase(db, db.get_one(Session, visit.id), "somebody"))

    assert desk.count(Session, Session.state == "withdrawn") == 1
    assert desk.count(Identity) == 6


def test_only_the_identity_table_knows_the_external_id(created, use_cases):
    """A Prolific id stands in one table and nowhere else."""
    use_cases(created).enter("a" * 24)
    with created.engine.connect() as connection:
        dump = [line for line in connection.connection.iterdump() if "a" * 24 in line]

    assert len(dump) == 1
    assert 'INSERT INTO "identity"' in dump[0]


def test_creating_the_same_study_again_changes_nothing(created, tiny, manifest, stimuli_folder):
    """Create is idempotent for the same digests, and a changed study needs another name."""
    with created.writing() as db:
        assert not studies.create(db, tiny.study_file(), manifest, stimuli_folder)
        assert db.scalar(select(func.count()).select_from(Study)) == 1
    with pytest.raises(StudyFrozenError, match="frozen, with other contents: design or texts"), created.writing() as db:
        studies.create(db, tiny.study_file(main_trials=6), manifest, stimuli_folder)


def test_a_study_of_another_version_is_named_in_one_line(created, app):
    """A frozen study that this program cannot read is an expected error, and its page says that nothing is lost."""
    with created.writing() as db:
        db.execute(text("DROP TRIGGER study_never"))
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


def _outcome(act):
    try:
        act()
    except AnswerConflictError as error:
        return type(error).__name__
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
