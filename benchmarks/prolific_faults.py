"""Webhooks are forged, replayed, reordered and lost, Prolific fails after it acted, people pay twice: what is left?

A stand-in for Prolific and the study server talk over loopback. In every round some people take part, in any order of
states; then they are approved and get bonuses. At the end both sides must say the same, and nobody was paid twice.
"""

import logging
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select

from benchmarks.harness import Figure, main
from benchmarks.load import make_study
from benchmarks.prolific_side import FORGED, PEOPLE, Description, Round, Tally, opened, take_part
from budgetfusion.errors import BudgetFusionError
from prolific_config.bonuses import Bonus
from prolific_config.client import Client
from prolific_config.errors import ProlificAwayError, ProlificBusyError, UnknownOutcomeError
from prolific_config.models import APPROVED
from prolific_config.money import Money
from study_server.models import Lease, Session
from study_server.prolific import approvals, ledger, paying, submissions
from study_server.prolific.reconciling import reconcile
from study_server.prolific.tables import Submission, Webhook
from study_server.serving import memory_folder

ROUNDS, QUICK_ROUNDS = 200, 6
CRASHES = 0.2
LATER = timedelta(hours=25)
PASSING = (ProlificAwayError, ProlificBusyError, UnknownOutcomeError)
READING = ("busy", "away", "cut off after commit")
CHANGING = (*READING, "away after commit")
FAULTS = {
    "get-submissions": (*READING, "page too many"),
    "get-submission": READING,
    "get-study": READING,
    "bulk-approve-submissions": CHANGING,
    "create-bonus-payments": CHANGING,
    "pay-bonus-payments": CHANGING,
}


class CrashError(Exception):
    """The program died here."""


class _Dying(Client):
    """A client whose program dies between Prolific's payment and the note of it."""

    def pay_bonuses(self, batch_id: str) -> None:
        """Pay, and die."""
        super().pay_bonuses(batch_id)
        raise CrashError


def measure(quick: bool) -> list[Figure]:
    """Go through all rounds, each on a fresh copy of one database."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # refusals are meant
    rounds, tally, own = QUICK_ROUNDS if quick else ROUNDS, Tally(), Description()
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:  # nothing here is about disks
        template = Path(folder) / "template.db"
        make_study(f"sqlite:///{template}", places=PEOPLE, trials=2).close()
        for number in range(rounds):
            with opened(template, own, number, tally) as one:
                take_part(one)
                _approve(one)
                _pay(one)
                _judge(one)
    print(f"{rounds} rounds; webhooks {dict(tally.delivered)}; {dict(tally.counts)}")
    return _figures(tally, rounds)


def _until_done(one: Round, act: Callable[[], Any]) -> Any:
    """Repeat a step as a person would who sees an error and presses the button again."""
    for _ in range(30):
        try:
            return act()
        except PASSING as error:
            one.tally.counts[type(error).__name__] += 1
    raise AssertionError("it never came to an end")


def _hurt(one: Round) -> None:
    for operation, kinds in FAULTS.items():
        for _ in range(one.rng.randrange(3)):
            one.prolific.faults.plan(operation, one.rng.choice(kinds))


def _reconcile(one: Round) -> None:
    client = one.client()
    now = one.prolific.world.now
    _until_done(one, lambda: reconcile(one.database, client, one.material, one.study_id, now))
    client.connection.close()


def _approve(one: Round) -> None:
    """Approve whoever waits, until nobody does."""
    client = one.client()

    def act() -> bool:
        with one.database.reading() as db:
            review = approvals.waiting(db, one.material)
        ids = [given.id for given in (*review.complete, *review.others)]
        proposal = approvals.propose(one.database, client, one.material, ids)
        approvals.approve(one.database, client, one.material, ids, str(proposal.amount.decimal), "benchmark")
        return bool(ids)

    _hurt(one)
    _reconcile(one)
    while _until_done(one, act):
        _reconcile(one)
    client.connection.close()


def _pay(one: Round) -> None:
    """Give bonuses to some, each step as often as it takes; what broke off is given up after a day, and not before."""
    paid = [key for key, found in one.prolific.world.submissions.items() if found["status"] == APPROVED]
    reasons = ("slow pages", "careful answers")
    wanted = [Bonus(key, Money(one.rng.choice((50, 100)), "GBP"), reason) for key in paid for reason in reasons]
    one.database.write(lambda db: ledger.propose(db, one.material, wanted, "benchmark"))
    one.tally.counts["bonuses"] += len(wanted)
    client = one.client()
    for _ in range(20):
        _hurt(one)
        _resolve(one, client)
        waiting = _until_done(one, lambda: ledger.set_up(one.database, client, one.material, one.study_id))
        if not waiting:
            break
        total, ids = ledger.total_of(waiting, "GBP"), [batch.id for batch in waiting]
        one.database.write(lambda db: ledger.confirm(db, one.material, ids, str(total.decimal), "benchmark"))  # noqa: B023
        for batch in ids:
            _pay_twice(one, batch)
    client.connection.close()


def _pay_twice(one: Round, batch: int) -> None:
    """Let two people pay the same batch at the same moment, and one of them again."""

    def press() -> None:
        client = one.client(_Dying if dies else Client)
        with suppress(BudgetFusionError, CrashError):
            paying.pay(one.database, client, one.material, batch, "benchmark")
        client.connection.close()

    dies = one.rng.random() < CRASHES
    people = [threading.Thread(target=press) for _ in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    press()
    one.tally.counts["attempts to pay"] += 3


def _resolve(one: Round, client: Client) -> None:
    """Ask what became of payments that broke off, and give up what is not shown after a day."""
    left = _until_done(one, lambda: paying.settle(one.database, client, one.material))
    for found in left:
        later, typed = datetime.now(UTC) + LATER, str(found.amount.decimal)
        give_up = (one.database, client, one.material, found.batch_id, typed, "benchmark", later)
        _until_done(one, lambda: paying.give_up(*give_up))  # noqa: B023
        one.tally.counts["payments given up"] += 1


def _judge(one: Round) -> None:
    """Hold both sides against each other once everything was read without a fault."""
    _reconcile(one)
    world, counts = one.prolific.world, one.tally.counts
    with one.database.reading() as db:
        rows = {row.external_id: row for row in submissions.every(db, one.material)}
        forged = db.scalar(select(func.count()).select_from(Webhook).where(Webhook.status == FORGED))
        due = Counter((row.submission.external_id, row.cents) for row in ledger.bonuses(db, one.material))
        kept = sum(_is_kept(db, row) for row in rows.values())
    paid = Counter((key, cents) for key, _, cents in world.paid)
    counts["submissions"] += len(world.submissions)
    counts["lost"] += sum(rows[key].status != s["status"] if key in rows else 1 for key, s in world.submissions.items())
    counts["unverified acted on"] += (forged or 0) + sum(row.status == FORGED for row in rows.values())
    counts["paid twice"] += (paid - due).total()
    counts["not paid"] += (due - paid).total()
    counts["places kept"] += kept


def _is_kept(db: Any, row: Submission) -> bool:
    """Say whether somebody who returned or timed out still holds a place."""
    if row.status not in submissions.ENDS or row.session_id is None:
        return False
    running = select(Lease.id).where(Lease.session_id == row.session_id, Lease.ended.is_(None))
    return db.get_one(Session, row.session_id).state == "started" and db.scalar(running) is not None


def _figures(tally: Tally, rounds: int) -> list[Figure]:
    counts, bad = tally.counts, sum(tally.delivered.values()) - tally.delivered["good"]
    said = [
        ("bonuses paid twice", "paid twice", "bonuses"),
        ("bonuses never paid", "not paid", "bonuses"),
        ("submissions lost or known wrongly", "lost", "submissions"),
        ("places kept for those who left", "places kept", "submissions"),
        ("requests that Prolific does not describe", "requests outside the description", "submissions"),
    ]
    return [
        Figure("unverified webhooks acted on", counts["unverified acted on"], "", 0.0, "<=", "forged or replayed", bad),
        *(Figure(name, float(counts[key]), "", 0.0, "<=", beside, counts[beside]) for name, key, beside in said),
        Figure("payments given up and made again", counts["payments given up"], "", None, "<=", "rounds", rounds),
    ]


if __name__ == "__main__":
    main("prolific_faults", measure)
