"""Choices by condition, for the desk: only after the close, unless the study file said otherwise before the data."""

from collections import Counter
from dataclasses import dataclass
from math import sqrt

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from study_server import states
from study_server.models import Answer, Participant, Session, Trial
from study_server.studies import Material

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class PairResult:
    """Main trials of one pair, of people who finished.

    Args:
        first: Condition whose selections are counted.
        second: The other.
        chosen: Trials in which the first was chosen.
        decided: Trials in which either was.
    """

    first: str
    second: str
    chosen: int
    decided: int

    @property
    def rate(self) -> float | None:
        """Share of the first; none before the first decision."""
        return self.chosen / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval of level 95 %, which takes trials as independent; the report does not."""
        if self.rate is None:
            return None
        n, z2 = self.decided, Z_95**2
        centre = (self.rate + z2 / (2 * n)) / (1 + z2 / n)
        half = Z_95 / (1 + z2 / n) * sqrt(self.rate * (1 - self.rate) / n + z2 / (4 * n * n))
        return centre - half, centre + half


def may_be_seen(db: Db, material: Material) -> bool:
    """Say whether results may be shown: the study is closed, or its file said so before the first participant."""
    return material.study.quality.shows_results or states.state_of(db, material)[0] == "closed"


def results(db: Db, material: Material) -> list[PairResult]:
    """Return the choices of live participants who finished, for each pair of conditions."""
    rows = db.execute(
        select(Trial.left_condition, Trial.right_condition, Answer.response, func.count().label("n"))
        .join(Answer, Answer.trial_id == Trial.id)
        .join(Session, Answer.session_id == Session.id)
        .join(Participant, Session.participant_id == Participant.id)
        .where(Session.study_id == material.study_id, Participant.mode == "live", Session.state == "finished")
        .where(Trial.purpose == "main")
        .group_by(Trial.left_condition, Trial.right_condition, Answer.response)
    )
    chosen: Counter[tuple[frozenset[str], str]] = Counter()
    for row in rows:
        side = {"left": row.left_condition, "right": row.right_condition}.get(row.response)
        chosen[frozenset((row.left_condition, row.right_condition)), side or ""] += row.n
    return [
        PairResult(first, second, chosen[pair, first], chosen[pair, first] + chosen[pair, second])
        for first, second in material.manifest.pairs()
        for pair in [frozenset((first, second))]
    ]
