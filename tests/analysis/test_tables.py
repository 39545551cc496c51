"""Documents: one table in three formats, text with two marks, SIMULATED on what is simulated."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from analysis.document import Column, Picture, Table, column, labelled, percents, spans, to_html
from analysis.rounding import number
from analysis.tables import latex, to_latex, to_markdown, write_tables

DATA = pd.DataFrame({"name": ["a|b", "c_d"], "mean": [0.12345, 0.5], "low": [0.1, 0.4], "high": [0.15, 0.6]})
COLUMNS = (
    column("name", DATA["name"]),
    percents("mean", DATA["mean"], pd.Series([0.025, 0.1])),
    spans("95 % CI", DATA, 100),
)
TABLE = Table("one", "A caption of 100 %.", COLUMNS, DATA)


def test_csv_holds_the_numbers_in_full(tmp_path: Path) -> None:
    """What is rounded in print is whole in the file."""
    write_tables(TABLE, tmp_path)

    assert pd.read_csv(tmp_path / "one.csv")["mean"].tolist() == [0.12345, 0.5]
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".md", ".tex"}


def test_markdown_escapes_its_own_bars() -> None:
    """A bar in a cell does not make a column; numbers stand to the right."""
    lines = to_markdown(TABLE).splitlines()

    assert lines[2:5] == ["| name | mean | 95 % CI |", "| :--- | ---: | ---: |", r"| a\|b | 12.3 | [10.0, 15.0] |"]


def test_latex_escapes_what_latex_reads() -> None:
    """Percent signs, underscores and minus signs are printed as they are."""
    text = to_latex(TABLE)

    assert r"\begin{tabular}{lrr}" in text
    assert r"c\_d & 50 & [40.0, 60.0] \\" in text
    assert r"A caption of 100 \%." in text
    assert latex("`x_1` **−2**") == r"\texttt{x\_1} \textbf{$-$2}"


def test_two_marks_become_html_and_nothing_else() -> None:
    """Code and strong are marked; markup in the text is text."""
    assert to_html("`a` **b** <i>") == "<code>a</code> <strong>b</strong> &lt;i&gt;"


def test_simulated_stands_in_caption_and_data() -> None:
    """A simulated block says so where it is read and where it is stored; a block of people does not."""
    picture = Picture("p", Figure(), DATA, "Caption.", "alt")
    marked = [labelled(block, "x-", True) for block in (TABLE, picture)]

    assert [(block.name, block.caption[:9]) for block in marked] == [("x-one", "SIMULATED"), ("x-p", "SIMULATED")]  # type: ignore[union-attr]
    assert all((block.data["data"] == "SIMULATED").all() for block in marked)  # type: ignore[union-attr]
    assert "SIMULATED" not in str(labelled(TABLE, "", False))


def test_a_column_of_text_is_no_number() -> None:
    """Only what is printed by a function of numbers stands to the right."""
    assert not column("a", ["x"]).is_number
    assert column("a", [1.0], number).is_number
    assert Column("a", ("1",)).is_number
