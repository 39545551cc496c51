"""An export as a folder: the choices, their codebook, pair counts, checksums, and the same as a psych-DS data set.

The same stored answers give the same bytes, so that two exports can be compared by their checksums.
"""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from budgetfusion.files import replacing
from stimuli.manifest import Choice
from study_server import audit, codebook, studies
from study_server.cli_options import actor
from study_server.db import Database
from study_server.export import WRITERS, choices, columns, is_blind
from study_server.studies import Material

SUMS = "SHA256SUMS"
PAIR_COLUMNS = ("mode", "item_id", "first_condition", "second_condition", "first_chosen", "second_chosen", "neither")


def export(database: Database, name: str, folder: Path, *, unblind: bool = False) -> list[tuple[Path, str]]:
    """Write a study's export; each file all or nothing.

    Args:
        database: Where the study is.
        name: Of the study.
        folder: Where the files go.
        unblind: Whether to tell conditions although the study is not closed; that is recorded first.

    Returns:
        Each path, and what is in it in words.
    """
    with database.reading() as db:
        material = studies.read_material(db, name)
        is_closed_to_eyes = is_blind(db, material)
    early = unblind and is_closed_to_eyes
    if early:
        database.write(lambda db: audit.record(db, "unblind", {"study": name}, actor()))
    with database.reading() as db:
        rows = choices(db, material, is_unblinded_early=early)
    return write(material, rows, folder, is_blind=is_closed_to_eyes and not unblind)


def write(material: Material, rows: list[Choice], folder: Path, *, is_blind: bool) -> list[tuple[Path, str]]:
    """Write choices and what belongs to them into a folder."""
    names = columns(is_blind=is_blind)
    blinded = ", blinded: the study is not closed" if is_blind else ""
    said = {}
    for suffix, write_rows in WRITERS.items():
        buffer = io.BytesIO()
        write_rows(rows, names, buffer)
        said[f"choices.{suffix}"] = (buffer.getvalue(), f"{len(rows)} choices{blinded}")
    if not is_blind:
        said["pair-counts.csv"] = (_pair_counts(material, rows), "choices of each item")
    book = codebook.codebook(names)
    said["codebook.json"] = (_json(book), f"{len(names)} columns")
    said["codebook.md"] = (codebook.as_markdown(book).encode(), f"{len(names)} columns")
    said |= _psych_ds(material, said["choices.csv"][0], names, len(rows))
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, (data, _) in said.items())
    said[SUMS] = (sums.encode(), f"{len(said)} checksums")
    return [(_put(folder / path, data), words) for path, (data, words) in said.items()]


def _put(path: Path, data: bytes) -> Path:
    with replacing(path) as partial:
        partial.write_bytes(data)
    return path


def _pair_counts(material: Material, rows: Sequence[Choice]) -> bytes:
    """Return how often each side of each pair was chosen in main and repeat trials, as CSV."""
    counts: Counter[tuple[str, str, str]] = Counter()
    pairs = set()
    first, second = material.manifest.compare
    for row in rows:
        if row.purpose in ("main", "repeat"):
            pairs.add((row.mode, row.item_id))
            counts[row.mode, row.item_id, row.chosen or ""] += 1
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(PAIR_COLUMNS)
    for mode, item in sorted(pairs):
        writer.writerow([mode, item, first, second, *(counts[mode, item, c] for c in (first, second, ""))])
    return text.getvalue().encode()


def _psych_ds(material: Material, table: bytes, names: Sequence[str], count: int) -> dict[str, tuple[bytes, str]]:
    """Return the files of a data set after the psych-DS convention (https://psych-ds.github.io)."""
    identity = material.study.study
    description = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": identity.title,
        "description": f"Choices of study {identity.name} between two images, one row for each answered trial.",
        "creator": {"@type": "Organization", "name": identity.institution},
        "identifier": [material.study_digest, material.manifest_digest],
        "variableMeasured": codebook.as_variables(names),
    }
    return {
        "psych-ds/dataset_description.json": (_json(description), "psych-DS description"),
        f"psych-ds/data/study-{identity.name}_data.csv": (table, f"{count} choices"),
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
