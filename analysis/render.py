"""A document as files: HTML that needs nothing else, Markdown, tables, figures; and any result as JSON."""

import base64
import hashlib
import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup

from analysis import plots
from analysis.document import Bullets, Document, Picture, Strip, Table, Text, to_html
from analysis.tables import to_markdown, write_tables
from budgetfusion.files import write_text

REPORT_NAME, MARKDOWN_NAME, FIGURES_FOLDER, TABLES_FOLDER = "index.html", "report.md", "figures", "tables"
KINDS = ("svg", "pdf", "png")


def write_document(document: Document, out: Path) -> Path:
    """Write a document with its tables and figures below a folder and return the path of its HTML.

    Every table lies as CSV (in full), Markdown and LaTeX below tables/, every figure as SVG, PDF and PNG, beside the
    data that it draws as CSV, below figures/.
    """
    for table in document.of(Table):
        write_tables(table, out / TABLES_FOLDER)
    pictures = {picture.name: _write(picture, out / FIGURES_FOLDER) for picture in document.of(Picture)}
    write_text(out / MARKDOWN_NAME, markdown(document))
    write_text(out / REPORT_NAME, html(document, pictures))
    return out / REPORT_NAME


def html(document: Document, pictures: dict[str, Markup]) -> str:
    """Return a document as one HTML page; its policy allows its own style and nothing else.

    Args:
        document: What it says.
        pictures: Each figure's address, by name.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("analysis"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["marked"] = to_html
    environment.tests["of"] = lambda block, name: type(block).__name__ == name
    css = environment.get_template("report.css").render()
    policy = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii")
    page = environment.get_template("report.html.j2")
    safe = {"css": Markup(css), "policy": policy, "pictures": pictures}  # noqa: S704  # our own file
    return page.render(safe | {"d": document}).replace(" %", "\N{NO-BREAK SPACE}%") + "\n"


def markdown(document: Document) -> str:
    """Return a document as Markdown; figures are links to figures/."""
    banner = ["> **SIMULATED – no person made these choices**", ""] if document.is_simulated else []
    if document.is_unblinded:
        banner += ["> **UNBLINDED EARLY – somebody saw results before the study was closed**", ""]
    figure = [f"**{document.figure}**", ""] if document.figure else []
    lines = [f"# {document.title}", "", *banner, document.subtitle, "", *figure]
    lines += [line for text in document.summary for line in (text.words, "")]
    for section in document.sections:
        lines += [f"## {section.title}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def to_json(value: Any) -> str:
    """Return dataclasses, frames and numbers as JSON text; what is not finite becomes null."""
    return json.dumps(_plain(value), indent=1, ensure_ascii=False, allow_nan=False)


def _write(picture: Picture, folder: Path) -> Markup:
    """Write a figure in every format and return its SVG as an address that holds it.

    As an image, its styles stay its own and the page's policy strict.
    """
    if "data" in picture.data and (picture.data["data"] == "SIMULATED").all():
        plots.stamp(picture.figure)
    for kind in KINDS:
        plots.save(picture.figure, folder / f"{picture.name}.{kind}")
    write_text(folder / f"{picture.name}.csv", picture.data.to_csv(index=False))
    svg = base64.b64encode((folder / f"{picture.name}.svg").read_bytes()).decode("ascii")
    return Markup("data:image/svg+xml;base64," + svg)  # noqa: S704  # base64 has no markup


def _block(block: object) -> list[str]:
    if isinstance(block, Text):
        return [f"> {block.words}" if block.kind == "note" else block.words]
    if isinstance(block, Bullets):
        return [f"* {item}" for item in block.items]
    if isinstance(block, Table):
        return [to_markdown(block).rstrip()]
    if isinstance(block, Picture):
        return [f"![{block.alt}](figures/{block.name}.svg)", "", f"{block.caption} Data: `figures/{block.name}.csv`."]
    if isinstance(block, Strip):
        return [f"* {row.prompt}" for row in block.rows]
    raise TypeError(f"no way to write {type(block).__name__}")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain({field.name: getattr(value, field.name) for field in fields(value)})
    if isinstance(value, pd.DataFrame):
        return _plain(value.to_dict("records"))
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
