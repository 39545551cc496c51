"""What a report is made of: sections of paragraphs, tables and pictures, the same for HTML, Markdown and files.

Text is plain but for two marks: `code` and **strong**. A table holds its numbers in full (`data`) and as they are
printed (`rows`).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from analysis.rounding import p_value, percent, span
from analysis.strip import Row

SIMULATED = "SIMULATED"


@dataclass(frozen=True)
class Text:
    """A paragraph; `kind` is 'plain', 'quiet', 'note' (a caution) or 'strong'."""

    words: str
    kind: str = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A column as it is printed: its header, its cells, and whether it holds numbers."""

    header: str
    cells: tuple[str, ...]
    is_number: bool = True


@dataclass(frozen=True)
class Table:
    """A table: what is printed, and the frame with full precision behind it; `strong` rows carry the result."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    data: pd.DataFrame
    strong: frozenset[int] = frozenset()

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The printed cells, row by row."""
        return list(zip(*(column.cells for column in self.columns), strict=True))


@dataclass(frozen=True)
class Picture:
    """A figure with the data that it draws."""

    name: str
    figure: Figure
    data: pd.DataFrame
    caption: str
    alt: str


@dataclass(frozen=True)
class Strip:
    """Items as people saw them."""

    rows: tuple[Row, ...]


Block = Text | Bullets | Table | Picture | Strip


@dataclass(frozen=True)
class Section:
    """A question and its answer."""

    title: str
    blocks: tuple[Block, ...]
    kind: str = "plain"  # 'aside' for what is quoted from others


@dataclass(frozen=True)
class Document:
    """A whole report; `figure` is the number that carries it."""

    title: str
    subtitle: str
    figure: str
    summary: tuple[Text, ...]
    sections: tuple[Section, ...]
    is_simulated: bool
    is_unblinded: bool
    extra: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: type[Any]) -> list[Any]:
        """Return every block of one kind, in order."""
        return [block for section in self.sections for block in section.blocks if isinstance(block, kind)]


def column(header: str, cells: Sequence[object] | pd.Series, show: Callable[[Any], str] = str) -> Column:
    """Return a column whose cells are printed by `show`; text columns are aligned to the left."""
    return Column(header, tuple(show(cell) for cell in cells), show is not str)


def percents(header: str, values: pd.Series, errors: pd.Series) -> Column:
    """Return a column of proportions in percent, each rounded by its error."""
    return Column(header, tuple(percent(v, e) for v, e in zip(values, errors, strict=True)))


def spans(header: str, table: pd.DataFrame, scale: float) -> Column:
    """Return a column of intervals from the columns low and high, both times `scale`."""
    return Column(header, tuple(span(r.low, r.high, scale) for r in table.itertuples()))


def bare_p(p: float) -> str:
    """Return a p-value for a column that is called p: '.012', '< .001'."""
    return p_value(p).removeprefix("p = ").removeprefix("p ")


def labelled(block: Block, prefix: str, simulated: bool) -> Block:
    """Return a table or picture with its name prefixed, and SIMULATED in its caption and its data."""
    if not isinstance(block, Table | Picture):
        return block
    name = f"{prefix}{block.name}"
    if not simulated:
        return replace(block, name=name)
    data = block.data.assign(data=SIMULATED)
    return replace(block, name=name, data=data, caption=f"{SIMULATED}. {block.caption}")


def to_html(words: str) -> Markup:
    """Return a text with its two marks as HTML; everything else is escaped."""
    safe = str(escape(words))
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe))  # noqa: S704  # escaped above
