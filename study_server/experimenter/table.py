"""The desk's table of participants: sorted, filtered and cut into pages here, not in the browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from study_server.monitor import STAGES, ParticipantRow
from study_server.quality import MARKS

PAGE = 25


def _share(right: int, asked: int) -> float:
    return right / asked if asked else -1.0


SORTS: dict[str, Callable[[ParticipantRow], Any]] = {
    "arrived": lambda row: row.arrived_at,
    "participant": lambda row: row.pseudonym,
    "state": lambda row: row.words,
    "trials": lambda row: row.answered,
    "minutes": lambda row: -1.0 if row.minutes is None else row.minutes,
    "catch": lambda row: _share(row.conduct.catch_correct, row.conduct.catch_asked),
    "rt": lambda row: -1.0 if row.conduct.median_rt_ms is None else row.conduct.median_rt_ms,
    "marks": lambda row: len(row.marks),
    "use": lambda row: row.use,
}
"""What the table can be sorted by."""


@dataclass(frozen=True)
class Wish:
    """Which rows to show, and in which order.

    Args:
        sort: A key of `SORTS`.
        is_down: Largest first.
        mode: Only this mode; empty: all.
        stage: Only this stage; empty: all.
        mark: Only with this mark; 'any': with one; empty: all.
        page: From 1.
    """

    sort: str = "arrived"
    is_down: bool = True
    mode: str = ""
    stage: str = ""
    mark: str = ""
    page: int = 1

    @property
    def query(self) -> dict[str, str]:
        """The same as parameters of an address."""
        order = "down" if self.is_down else "up"
        return {"sort": self.sort, "order": order, "mode": self.mode, "stage": self.stage, "mark": self.mark}


@dataclass(frozen=True)
class Page:
    """The rows of one page, the number of the page, of pages and of rows in all."""

    rows: list[ParticipantRow]
    number: int
    pages: int
    total: int


def read_wish(args: Mapping[str, str]) -> Wish:
    """Read a wish from an address; what has no meaning is left out."""
    sort, stage, mark = args.get("sort", ""), args.get("stage", ""), args.get("mark", "")
    number = args.get("page", "1")
    return Wish(
        sort=sort if sort in SORTS else "arrived",
        is_down=args.get("order", "down") != "up",
        mode=args.get("mode", ""),
        stage=stage if stage in STAGES else "",
        mark=mark if mark in MARKS or mark == "any" else "",
        page=int(number) if number.isdecimal() and 0 < len(number) < 6 else 1,
    )


def arrange(rows: Sequence[ParticipantRow], wish: Wish) -> Page:
    """Return the page of rows that somebody wishes to see."""
    kept = [
        row
        for row in rows
        if wish.mode in ("", row.mode)
        and wish.stage in ("", row.stage)
        and (not wish.mark or wish.mark in row.marks or (wish.mark == "any" and row.marks))
    ]
    kept.sort(key=lambda row: (SORTS[wish.sort](row), row.session_id), reverse=wish.is_down)
    pages = max(1, -(-len(kept) // PAGE))
    number = min(max(1, wish.page), pages)
    return Page(kept[(number - 1) * PAGE : number * PAGE], number, pages, len(kept))
