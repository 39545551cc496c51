"""How far people come: arrived, consented, active, finished, and every way out. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from study_server.monitor import ParticipantRow

TIMED_OUT = ("timed_out", "expired")
OTHER_ENDS = ("declined", "withdrawn", "full")


@dataclass(frozen=True)
class Funnel:
    """Numbers of people of one mode.

    Args:
        arrived: Who pressed Start.
        consented: Who agreed, whatever came of it.
        active: Who is in the trials and holds a place.
        finished: Every answer stored; `late` of them after the place was given back.
        returned: Gave the submission back on Prolific.
        timed_out: Ran out of time there, or the place expired here.
        screened_out: Could not take part, or failed the comprehension check.
        others: Declined, withdrew, or came too late.
    """

    arrived: int
    consented: int
    active: int
    finished: int
    late: int
    returned: int
    timed_out: int
    screened_out: int
    others: int

    @property
    def steps(self) -> list[tuple[str, int]]:
        """Each number that the desk shows, by its name."""
        names = ("arrived", "consented", "active", "finished", "returned", "timed_out", "screened_out", "others")
        return [(name.replace("_", " "), getattr(self, name)) for name in names]


def funnel(rows: Iterable[ParticipantRow]) -> Funnel:
    """Count people by how far they came.

    Args:
        rows: Of one mode.
    """
    people = list(rows)
    stages = Counter(row.stage for row in people)
    return Funnel(
        arrived=len(people),
        consented=sum(row.has_consented for row in people),
        active=stages["consented"],
        finished=stages["finished"] + stages["extra"],
        late=stages["extra"],
        returned=stages["returned"],
        timed_out=sum(stages[stage] for stage in TIMED_OUT),
        screened_out=stages["screened_out"],
        others=sum(stages[stage] for stage in OTHER_ENDS),
    )
