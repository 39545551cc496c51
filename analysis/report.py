"""The report: one self-contained HTML file, the same as Markdown, every table and figure as files, and results.json."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.document import (
    Block,
    Column,
    Document,
    Picture,
    Section,
    Strip,
    Table,
    Text,
    column,
    labelled,
    percents,
    spans,
)
from analysis.efficiency_sections import PAPER, efficiency_section
from analysis.findings import Findings, analyse
from analysis.load import codebook, read_evaluation
from analysis.model_sections import model_sections, next_study
from analysis.plots import steps
from analysis.prose import headline, methods
from analysis.provenance import provenance, provenance_section
from analysis.render import to_json, write_document
from analysis.rounding import number, percent
from analysis.sections import rates_picture, sections
from analysis.strip import strip
from analysis.studies import Pair, Study, read_studies
from budgetfusion.files import write_text

RESULTS_NAME = "results.json"


@dataclass(frozen=True)
class Report:
    """Where a report lies, and what it says in one sentence for each comparison."""

    html: Path
    results: Path
    headline: str
    verdict: str


def write_report(
    choices: Path | Sequence[Path],
    stimuli: Path | Sequence[Path] | None,
    out: Path,
    *,
    evaluation: Path | None = None,
    study: Path | Sequence[Path] | None = None,
    mode: str | None = None,
    compare: Sequence[Pair] = (),
) -> Report:
    """Analyse one or several studies and write one report; equal input gives equal bytes.

    Args:
        choices: CSV, JSONL or Parquet, as `budgetfusion study export` or another tool writes it; one for each study.
        stimuli: The stimuli folders that the choices are about, matched by digest; none: nothing is checked.
        out: Folder for index.html, report.md, results.json, codebook.csv, figures/ and tables/.
        evaluation: Parquet, as `budgetfusion evaluate` writes it; without it a section says how to make it.
        mode: Whose choices; none: those of people before those of simulated observers.
        study: The study files, matched by digest, or one plan; without it the rules are the defaults, which is said.
        compare: The pairs to compare; none: those that the manifests declare.

    Raises:
        AnalysisError: If the files do not fit together or nothing is left to analyse.
        StimuliError: If the manifest or the study file cannot be read.
        FileContentError: If the evaluation file cannot be read.
    """
    studies = read_studies(_several(choices), _several(stimuli), _several(study), mode=mode, compare=compare)
    measured = read_evaluation(evaluation) if evaluation else None
    found = [
        analyse(s.rows, s.compare, s.plan, manifest=s.manifest, evaluation=measured if place == 0 else None)
        for place, s in enumerate(studies)
    ]
    record = provenance(studies, measured)
    html = write_document(make_document(studies, found, record, measured), out)
    write_text(out / "codebook.csv", codebook().to_csv(index=False))
    first = [headline(f) for f in found]
    results = {"provenance": record, "headline": first[0], "headlines": first, "findings": found[0]}
    comparisons = {s.name: f for s, f in zip(studies, found, strict=True)}
    write_text(out / RESULTS_NAME, to_json(results | {"comparisons": comparisons}) + "\n")
    verdicts = " ".join(f.verdict.sentence for f in found)
    return Report(html, out / RESULTS_NAME, " ".join(first), verdicts)


def make_document(
    studies: Sequence[Study], found: Sequence[Findings], record: dict[str, Any], measured: pd.DataFrame | None
) -> Document:
    """Return the whole report as sections."""
    names = [study.name for study in studies]
    several = len(studies) > 1
    parts: list[Section] = [_together(names, found)]
    for study, of_study in zip(studies, found, strict=True):
        prefix = f"{_slug(study.name)}-" if several else ""
        further = next_study(of_study)
        more = [*sections(of_study), *_material(study, of_study), *([further] if further else [])]
        for section in more:
            title = f"{study.name}: {section.title[0].lower()}{section.title[1:]}" if several else section.title
            blocks = tuple(labelled(block, prefix, of_study.simulated) for block in section.blocks)
            parts.append(replace(section, title=title, blocks=blocks))
    parts += _of_all_conditions(studies, found)
    same = measured is None or _models(studies) == sorted(map(str, measured["config_digest"].unique()))
    parts += [efficiency_section(found[0].efficiency, same_model=same), PAPER, _methods(studies)]
    parts += [_groups(studies, found, by) for by in ("participant", "prompt")]
    parts.append(provenance_section(record))
    is_simulated = any(f.simulated for f in found)
    pooled = [f.kept.pooled for f in found]
    return Document(
        title=" · ".join(names),
        subtitle=_subtitle(studies, found),
        figure=" · ".join(f"{percent(p.mean, p.interval.half_width)} %" for p in pooled),
        summary=tuple(_summary(found)),
        sections=tuple(parts),
        is_simulated=is_simulated,
        is_unblinded=any(f.unblinded for f in found),
    )


def _several(value: Path | Sequence[Path] | None) -> list[Path]:
    return [] if value is None else [value] if isinstance(value, Path) else list(value)


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")


def _models(studies: Sequence[Study]) -> list[str]:
    return sorted({s.manifest.renderer.model_digest for s in studies if s.manifest})


def _subtitle(studies: Sequence[Study], found: Sequence[Findings]) -> str:
    title = studies[0].plan.study.study.title + " · " if studies[0].plan.study else ""
    names = ", ".join(dict.fromkeys(f"`{s.rows['study'].iloc[0]}`" for s in studies))
    modes = ", ".join(dict.fromkeys(f.flow.mode for f in found))
    return f"{title}study {names} · mode {modes}{', SIMULATED observers' if found[0].simulated else ''}"


def _summary(found: Sequence[Findings]) -> list[Text]:
    lines: list[Text] = []
    for f in found:
        lines += [Text(headline(f)), Text(f.verdict.sentence, "strong")]
    if found[0].efficiency:
        lines.append(Text(found[0].efficiency.sentence))
    if found[0].flow.mode in ("pilot", "preview"):
        lines.append(Text(found[0].observers[0]))
    if any(f.simulated for f in found):
        lines.append(Text("This is a result about SIMULATED observers, not about what people see."))
    return lines


def _together(names: Sequence[str], found: Sequence[Findings]) -> Section:
    simulated = any(f.simulated for f in found)
    blocks: list[Block] = [labelled(rates_picture(found), "", simulated)]
    if len(found) > 1:
        pooled = [f.kept.pooled for f in found]
        data = pd.DataFrame(
            {
                "comparison": names,
                "mean": [p.mean for p in pooled],
                "se": [p.se for p in pooled],
                "low": [p.interval.low for p in pooled],
                "high": [p.interval.high for p in pooled],
                "participants": [f.kept.n_participants for f in found],
                "choices": [f.kept.n_choices for f in found],
            }
        )
        columns = (
            column("comparison", names),
            percents("mean", data["mean"], data["se"]),
            percents("SE", data["se"], data["se"]),
            spans(f"{100 * found[0].level:g} % CI", data, 100),
            column("participants", data["participants"], lambda n: number(n, otherwise=0)),
            column("choices", data["choices"], lambda n: number(n, otherwise=0)),
        )
        table = Table("comparisons", "Selection rate of the first condition, in percent.", columns, data)
        blocks.append(labelled(table, "", simulated))
    return Section("How do participants’ choices lie?", tuple(blocks))


def _of_all_conditions(studies: Sequence[Study], found: Sequence[Findings]) -> list[Section]:
    """Return the sections on all conditions of each file, once for each file."""
    parts: list[Section] = []
    files = {study.source.path: (study, f.simulated) for study, f in zip(studies, found, strict=True)}
    for path, (study, simulated) in files.items():
        prefix = f"{_slug(path.stem)}-" if len(files) > 1 else ""
        for section in model_sections(study):
            title = f"{path.stem}: {section.title}" if len(files) > 1 else section.title
            blocks = tuple(labelled(block, prefix, simulated) for block in section.blocks)
            parts.append(replace(section, title=title, blocks=blocks))
    return parts


def _material(study: Study, found: Findings) -> list[Section]:
    blocks: list[Block] = []
    first, second = found.compare
    if not found.budgets.empty:
        budgets = found.budgets
        caption = (
            f"Denoising steps that {first} gives to each prompt of the study; n = {len(budgets)} prompts, mean "
            f"{number(budgets['first'].mean(), otherwise=2)} (SD {number(budgets['first'].std(), otherwise=2)}), "
            f"{second} mean {number(budgets['second'].mean(), otherwise=2)}."
        )
        drawn = steps(budgets, found.compare)
        blocks.append(Picture("steps", *drawn, caption, f"Histogram of the denoising steps of {first} over prompts."))
    rows = strip(study.folder, study.manifest) if study.folder and study.manifest else ()
    if rows:
        words = f"Items with the fewest, the median and the most steps of {first}; the reference in the middle."
        blocks += [Strip(rows), Text(words, "quiet")]
    return [Section("What was compared?", tuple(blocks))] if blocks else []


def _methods(studies: Sequence[Study]) -> Section:
    blocks: list[Block] = []
    for plan in {s.plan.digest: s.plan for s in studies}.values():
        blocks += [Text(words) for words in methods(plan)]
    words = "Qualities are averaged over seeds and permutations within a prompt; prompts are the unit of every SE and "
    blocks.append(Text(words + "of the bootstrap (percentile, the same prompts for every rule)."))
    return Section("Methods", tuple(blocks))


def _groups(studies: Sequence[Study], found: Sequence[Findings], by: str) -> Section:
    """Return every participant's, or every prompt's, rate, folded away."""
    blocks: list[Block] = []
    for study, f in zip(studies, found, strict=True):
        table = f.people if by == "participant" else f.prompts
        prefix = f"{_slug(study.name)}-" if len(studies) > 1 else ""
        level = f"{100 * f.level:g} %"
        caption = (
            f"Selection rate of {f.compare[0]} over {f.compare[1]} by {by}, in percent, with Wilson’s and Jeffreys’ "
        )
        caption += f"{level} CI; shrunk: towards the mean of all, by as much as they are alike."
        jeffreys = table.assign(low=table["jeffreys_low"], high=table["jeffreys_high"])
        columns = (
            column(by, table[by]),
            column("chosen", table["selected"], lambda n: f"{n:g}"),
            column("trials", table["n"], lambda n: f"{n:g}"),
            Column("rate", tuple(percent(r) for r in table["rate"])),
            spans(f"{level} CI (Wilson)", table, 100),
            spans(f"{level} CI (Jeffreys)", jeffreys, 100),
            Column("shrunk", tuple(percent(r) for r in table["shrunk"])),
        )
        blocks.append(labelled(Table(f"{by}s", caption, columns, table), prefix, f.simulated))
    return Section(f"Each {by}", tuple(blocks), "details")
