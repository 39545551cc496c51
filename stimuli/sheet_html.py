"""A contact sheet as one self-contained page: every pixel as it is stored, enlarged by whole numbers."""

import base64
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from budgetfusion.files import write_text
from stimuli.manifest import Manifest
from stimuli.sheet import Picture, Row
from stimuli.store import encode

SIDE = 160
"""Smaller pictures are enlarged to about so many pixels."""


def write_sheet(rows: Sequence[Row], manifest: Manifest, path: Path) -> None:
    """Write the rows as a page.

    Args:
        rows: Of the sheet.
        manifest: For the facts at its head.
        path: Where the page goes.
    """
    page = Template(files("stimuli").joinpath("sheet.html").read_text(encoding="utf-8"))
    facts = {
        "title": escape(f"Stimuli of {manifest.study}"),
        "facts": "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(rows, manifest)),
        "rows": "\n".join(map(_row, rows)),
    }
    write_text(path, page.substitute(facts))


def _facts(rows: Sequence[Row], manifest: Manifest) -> list[tuple[str, str]]:
    pairs = ", ".join(f"{one} v {other}" for one, other in manifest.pairs())
    model = f"{manifest.renderer.model} {manifest.renderer.revision or ''}".strip()
    return [
        ("Rows", str(len(rows))),
        ("Compared", pairs),
        ("Reference", manifest.reference_condition or "none"),
        ("Model", model),
        ("Prompts", manifest.prompts_from or "not told"),
        ("Manifest", manifest.digest[:12]),
    ]


def _row(row: Row) -> str:
    pictures = "".join(map(_picture, row.pictures))
    return f"<article><h2>{escape(row.prompt)} <small>{escape(row.note)}</small></h2><div>{pictures}</div></article>"


def _picture(picture: Picture) -> str:
    height, width, _ = picture.pixels.shape
    scale = max(1, SIDE // max(height, width))
    data = base64.b64encode(encode(picture.pixels, "png")).decode("ascii")
    words = escape(f"{picture.caption}, {picture.distance}")
    return (
        f'<figure><img src="data:image/png;base64,{data}" width="{width * scale}" height="{height * scale}" '
        f'alt="{words}"><figcaption>{escape(picture.caption)}<br><small>{escape(picture.distance)}</small>'
        "</figcaption></figure>"
    )
