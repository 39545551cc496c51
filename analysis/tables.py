"""Tables as files: CSV in full precision, Markdown and LaTeX (booktabs) as they are printed."""

import re
from pathlib import Path

from analysis.document import Table
from budgetfusion.files import write_text

LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "−": "$-$", "±": r"$\pm$", "–": "--", "′": "$'$",
    "φ": r"$\phi$", "χ": r"$\chi$", "²": "$^2$", "γ": r"$\gamma$", "λ": r"$\lambda$", "∞": r"$\infty$", "’": "'",
    "α": r"$\alpha$", "×": r"$\times$", "Φ": r"$\Phi$", "…": r"\dots{}", "\N{NO-BREAK SPACE}": "~", "<": "$<$",
    "≤": r"$\le$", "≥": r"$\ge$", "σ": r"$\sigma$", "ω": r"$\omega$",
}  # fmt: skip
"""Characters that LaTeX reads otherwise, or that its plain fonts lack."""


def write_tables(table: Table, folder: Path) -> None:
    """Write one table as CSV, Markdown and LaTeX below a folder."""
    write_text(folder / f"{table.name}.csv", table.data.to_csv(index=False))
    write_text(folder / f"{table.name}.md", to_markdown(table))
    write_text(folder / f"{table.name}.tex", to_latex(table))


def to_markdown(table: Table) -> str:
    """Return a table as GitHub's Markdown, its caption above."""
    heads = [column.header for column in table.columns]
    rules = ["---:" if column.is_number else ":---" for column in table.columns]
    lines = [_row(heads), _row(rules), *(_row([cell.replace("|", r"\|") for cell in row]) for row in table.rows)]
    return "\n".join([table.caption, "", *lines, ""])


def to_latex(table: Table) -> str:
    """Return a table for LaTeX with the package booktabs."""
    ends = "".join("r" if column.is_number else "l" for column in table.columns)
    head = " & ".join(latex(column.header) for column in table.columns)
    body = [" & ".join(latex(cell) for cell in row) + r" \\" for row in table.rows]
    lines = [
        r"\begin{table}",
        rf"\caption{{{latex(table.caption)}}}",
        rf"\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{{ends}}}",
        r"\toprule",
        rf"{head} \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def latex(words: str) -> str:
    """Return text that LaTeX prints as it stands; the marks for code and strong become commands."""
    safe = "".join(LATEX.get(letter, letter) for letter in words)
    safe = re.sub(r"`([^`]+)`", r"\\texttt{\1}", safe)
    return re.sub(r"\*\*([^*]+)\*\*", r"\\textbf{\1}", safe)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
