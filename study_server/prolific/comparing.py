"""Prolific's record beside ours: visits from what is stored, money from what Prolific says now."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from prolific_config.client import Client
from prolific_config.discrepancies import Discrepancy, Visit
from prolific_config.discrepancies import discrepancies as compare
from prolific_config.models import ACTIVE, RESERVED
from prolific_config.money import Money
from prolific_config.table import ProlificTable
from study_server import codes
from study_server.models import Participant, Session
from study_server.prolific import recruitment, submissions
from study_server.prolific.ledger import amount_of
from study_server.prolific.tables import BonusRow, Submission
from study_server.studies import Material

ON_THE_WAY = timedelta(minutes=10)
"""Somebody who has just finished here needs a moment to get back to Prolific."""

PAYS_WITHIN = timedelta(hours=1)
"""Prolific pays bonuses minutes after it was asked to."""


def discrepancies(db: Db, material: Material, now: datetime | None = None) -> list[Discrepancy]:
    """Return every disagreement about visits, as of the last time that all submissions were read; asks nobody."""
    now = now or datetime.now(UTC)
    link = recruitment.linked(db, material)
    if link is None or link.reconciled_at is None:
        return []
    rows = [row for row in submissions.every(db, material) if not row.is_forgotten]
    visits = {visit.id: visit for visit in _visits(db, material)}
    holders = {session: row for session, row in submissions.current(rows).items() if session in visits}
    waiting = {row.external_id for s, row in holders.items() if _is_on_the_way(row, visits[s], now)}
    there = [submissions.as_given(row) for row in rows if _is_there(row, link.reconciled_at)]
    here = [Visit(row.external_id, codes.outcome_of(db, visits[s])) for s, row in holders.items()]
    found = compare(there, here + _strangers(db, visits, holders, now), codes.codes(db, material.study_id))
    return [one for one in found if one.submission_id not in waiting]


def money_discrepancies(
    client: Client, study_id: str, table: ProlificTable | None, bonuses: Sequence[BonusRow], now: datetime
) -> list[Discrepancy]:
    """Return every disagreement about money; asks Prolific for the study and for each submission with a bonus.

    Args:
        client: To Prolific.
        study_id: There.
        table: `[prolific]` as it holds here.
        bonuses: The ledger of the study.
        now: Our clock.
    """
    found = _reward(client, study_id, table) if table is not None else []
    foreign = 0
    sent = [row for row in bonuses if row.batch is not None and row.batch.state in ("paying", "paid")]
    for external_id in sorted({row.submission.external_id for row in sent}):
        ours = [row for row in sent if row.submission.external_id == external_id]
        theirs = [Money(cents, amount_of(ours[0]).currency) for cents in client.submission(external_id).bonus_payments]
        extra = Counter(theirs) - Counter(map(amount_of, ours))
        foreign += sum(amount.cents for amount in extra.elements())
        found += _bonuses(external_id, theirs, ours, now)
    return found + _total(client, study_id, sent, foreign)


def _visits(db: Db, material: Material) -> list[Session]:
    """Return the visits of people who were paid or will be."""
    of_study = select(Session).join(Participant).where(Session.study_id == material.study_id)
    return list(db.scalars(of_study.where(Participant.mode == "live").order_by(Session.id)))


def _strangers(db: Db, visits: dict[int, Session], holders: dict[int, Submission], now: datetime) -> list[Visit]:
    """Return those who finished here and came with no submission that is known, by their pseudonyms."""
    unknown = [visit for key, visit in visits.items() if key not in holders and visit.state == "finished"]
    late = [visit for visit in unknown if visit.finished_at is not None and visit.finished_at < now - ON_THE_WAY]
    return [Visit(visit.participant.pseudonym, codes.outcome_of(db, visit)) for visit in late]


def _is_there(row: Submission, reconciled_at: datetime) -> bool:
    """Say whether Prolific has a submission: it was listed last time, or has been heard of since."""
    last = [moment for moment in (row.listed_at, row.arrived_at, row.status_at) if moment is not None]
    return any(moment >= reconciled_at for moment in last)


def _is_on_the_way(row: Submission, visit: Session, now: datetime) -> bool:
    is_new = visit.finished_at is not None and visit.finished_at > now - ON_THE_WAY
    return is_new and row.status in (RESERVED, ACTIVE)


def _reward(client: Client, study_id: str, table: ProlificTable) -> list[Discrepancy]:
    there = Money(client.study(study_id).reward, table.currency)
    if there == table.reward_money:
        return []
    return [Discrepancy(study_id, f"pays {there} there, and [prolific] here says {table.reward_money}")]


def _bonuses(external_id: str, theirs: Sequence[Money], ours: Sequence[BonusRow], now: datetime) -> list[Discrepancy]:
    """Compare the bonuses of one submission, by amount; those that were asked for just now may not be shown yet."""
    due = [row for row in ours if row.batch and row.batch.state == "paid" and _is_due(row.batch.settled_at, now)]
    missing = Counter(map(amount_of, due)) - Counter(theirs)
    foreign = Counter(theirs) - Counter(map(amount_of, ours))
    return [
        *(Discrepancy(external_id, f"bonus of {amount} in the ledger, and not there") for amount in missing.elements()),
        *(Discrepancy(external_id, f"bonus of {amount} there, and not in the ledger") for amount in foreign.elements()),
    ]


def _total(client: Client, study_id: str, sent: Sequence[BonusRow], foreign: int) -> list[Discrepancy]:
    """Find bonuses that were paid to submissions of which the ledger has none."""
    bonuses = client.cost(study_id, is_projected=False).bonuses
    if bonuses is None:
        return []
    there, here = bonuses.rewards.money, Money(sum(row.cents for row in sent) + foreign, bonuses.rewards.currency)
    if there.cents <= here.cents:
        return []
    return [Discrepancy(study_id, f"bonuses of {there} there in all, and {here} in the ledger")]


def _is_due(settled_at: datetime | None, now: datetime) -> bool:
    return settled_at is not None and settled_at < now - PAYS_WITHIN
