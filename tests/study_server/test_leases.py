"""Places under any order of arrivals, answers, returns, time-outs, returns to the page and withdrawals."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select

from study_server import leases, privacy, sessions, states
from study_server.errors import UnfinishedError
from study_server.ledger import Audit, Event
from study_server.models import Answer, Identity, Lease, Participant, Session, Slot, Trial
from study_server.slots import items_of, plan
from study_server.verification import verify

MINUTES = 60


class Places(RuleBasedStateMachine):
    """People come and go in any order; the clock is ours."""

    people = Bundle("people")

    def __init__(self, desk):
        super().__init__()
        self.desk, self.now = desk, datetime.now(UTC)
        self.bearers, self.given = {}, {}
        _empty(desk.database)

    @rule(target=people, count=st.integers(1, 3))
    def arrive(self, count):
        """New people come and agree, if there is a place."""
        return multiple(*[self._come(uuid4().hex[:24]) for _ in range(count)])

    def _come(self, person):
        visit = self.desk.start(person, now=self.now)
        self.desk.do(lambda db: sessions.agree(db, self.desk.material, db.get_one(Session, visit.id)))
        self.bearers[person] = self.desk.with_row(sessions.hand_over, visit)
        self.given.setdefault(person, {})
        return person

    @rule(person=people)
    def come_back(self, person):
        """Who comes back finds the same visit."""
        before = self._visit(person)
        visit = self.desk.start(person, now=self.now)
        if visit.state in ("started", "consented"):
            self._come(person)
        assert before.id == visit.id

    @rule(person=people, count=st.integers(1, 10))
    def answer(self, person, count):
        """Some trials are answered, if the visit is open."""
        if self._visit(person).state != "consented":
            return
        for index in [i for i in range(10) if i not in self.given[person]][:count]:
            self.given[person][index] = self.desk.answer(self.bearers[person], index).uuid

    @rule(person=people)
    def finish(self, person):
        """The end is reached with all answers and in no other way."""
        visit = self._visit(person)
        if visit.state != "consented":
            return
        complete = len(self.given[person]) == 10
        try:
            self.desk.with_row(sessions.finish, visit, self.now)
        except UnfinishedError:
            assert not complete
        else:
            assert complete

    @rule(person=people, ended=st.sampled_from(["returned", "timed_out"]))
    def lose_the_place(self, person, ended):
        """The recruiter says that somebody is gone; who goes on all the same is extra."""
        self.desk.with_row(sessions.give_back, self._visit(person), ended)

    @rule(person=consumes(people), erases=st.booleans())
    def withdraw(self, person, erases):
        """Somebody leaves, with or without the answers."""
        visit = self._visit(person)
        self.desk.with_row(sessions.withdraw, visit)
        if erases:
            self.desk.do(lambda db: privacy.erase(db, db.get_one(Session, visit.id), "x"))
            self.given[person] = {}

    @rule(minutes=st.integers(1, 2 * MINUTES))
    def wait(self, minutes):
        """Time passes; leases may run out."""
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self):
        """Leases that ran out are ended at once."""
        self.desk.do(leases.expire, self.desk.material, self.now)

    @invariant()
    def nobody_shares_a_place(self):
        """No slot has two holders, and states, leases and sessions say the same."""
        with self.desk.database.reading() as db:
            held = db.execute(
                select(Lease.slot_id, func.count())
                .where(Lease.ended.is_(None) | (Lease.ended == "finished"))
                .group_by(Lease.slot_id)
            ).all()
            running = set(db.scalars(select(Lease.slot_id).where(Lease.ended.is_(None))))
            finished = set(db.scalars(select(Lease.slot_id).where(Lease.ended == "finished")))
            slots = db.execute(select(Slot.id, Slot.state)).all()
        assert all(count == 1 for _, count in held)
        assert {s.id for s in slots if s.state == "leased"} == running
        assert {s.id for s in slots if s.state == "finished"} == finished

    @invariant()
    def a_finished_place_is_whole(self):
        """Every finished slot has one complete set of answers of its holder, to exactly its plan."""
        desk = self.desk
        with desk.database.reading() as db:
            for lease, number in db.execute(
                select(Lease, Slot.number).join(Slot, Lease.slot_id == Slot.id).where(Lease.ended == "finished")
            ):
                rows = db.scalars(select(Trial).where(Trial.slot_id == lease.slot_id).order_by(Trial.trial_index))
                planned = plan(desk.material.manifest, desk.material.study.design, number)
                assert [(t.item_id, t.left_condition) for t in rows] == [(p.item_id, p.left_condition) for p in planned]
                assert desk.count(Answer, Answer.session_id == lease.session_id) == len(planned)

    @invariant()
    def every_acknowledged_answer_is_stored_once(self):
        """What was acknowledged, and was not erased, is there."""
        with self.desk.database.reading() as db:
            stored = sorted(db.scalars(select(Answer.uuid)))
        assert stored == sorted(uuid for given in self.given.values() for uuid in given.values())

    def teardown(self):
        """At the end everybody else comes and finishes: the items are balanced, and the chains hold."""
        desk = self.desk
        if not hasattr(self, "now"):
            return
        self.now += timedelta(days=1)
        while desk.count(Slot, Slot.mode == "live", Slot.state == "finished") < 6:
            visit, bearer = desk.enter(uuid4().hex[:24], now=self.now)
            desk.complete(visit, bearer, self.now)
        mains = [item.item_id for item in items_of(desk.material.manifest, "main")]
        with desk.database.reading() as db:
            of_item = select(Trial.item_id, func.count()).join(Lease, Lease.slot_id == Trial.slot_id)
            shown = dict(
                db.execute(
                    of_item.where(Lease.ended == "finished", Trial.purpose == "main").group_by(Trial.item_id)
                ).all()
            )
            found = verify(db)
        assert max(shown.get(i, 0) for i in mains) - min(shown.get(i, 0) for i in mains) <= 1
        assert found.faults == []

    def _visit(self, person):
        return self.desk.start(person, now=self.now)


def _empty(database):
    """Bring a database back to the study without people."""
    with database.writing() as db:
        for table in (Answer, Event, Lease, Audit):
            db.execute(delete(table))
        for table in (Session, Identity, Participant):
            db.execute(delete(table))
        for slot in db.scalars(select(Slot)):
            slot.state, slot.expires_at = "free", None
        states.reopen(db, 1)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_any_order_of_events_keeps_places_single_balanced_and_replayable(any_created, use_cases):
    """No double lease, whole plans, balance, exactly-once answers and unbroken chains, whatever happens when."""
    desk = use_cases(any_created)
    run_state_machine_as_test(
        lambda: Places(desk),
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
