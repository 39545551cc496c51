"""The report: one self-contained HTML file, machine-readable results, and every figure beside the data it draws."""

import base64
import hashlib
import json
import platform
from dataclasses import dataclass, fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from analysis import plots, rounding
from analysis.efficiency import QUALITIES, RESAMPLES
from analysis.errors import DigestError
from analysis.findings import Findings, analyse
from analysis.jnd import d_prime, jnd, jnd_interval
from analysis.load import read_choices, read_evaluation
from analysis.strip import strip
from budgetfusion.config import digest
from budgetfusion.files import write_text
from stimuli.manifest import Manifest, read_manifest
from stimuli.studyfile import AnalysisTable, StudyFile, read_study_file

LIBRARIES = ("budgetfusion", "numpy", "pandas", "scipy", "statsmodels", "matplotlib")
REPORT_NAME, RESULTS_NAME, FIGURES_FOLDER = "index.html", "results.json", "figures"


@dataclass(frozen=True)
class Report:
    """Where a report lies, and what it says in one sentence."""

    html: Path
    results: Path
    headline: str
    verdict: str


def write_report(
    choices: Path,
    stimuli: Path,
    out: Path,
    *,
    evaluation: Path | None = None,
    study: Path | None = None,
    mode: str | None = None,
) -> Report:
    """Analyse a study and write its report; equal input gives equal bytes.

    Args:
        choices: CSV, JSONL or Parquet, as `budgetfusion study export` writes it.
        stimuli: The stimuli folder that the choices are about.
        out: Folder for index.html, results.json, participants.csv and figures/.
        evaluation: Parquet, as `budgetfusion evaluate` writes it; without it a section says how to make it.
        mode: Whose choices; none: those of people before those of simulated observers.
        study: The study file; without it the rules of `[analysis]` are the defaults, and the report says so.

    Raises:
        AnalysisError: If the files do not fit together or nothing is left to analyse.
        StimuliError: If the manifest or the study file cannot be read.
        FileContentError: If the evaluation file cannot be read.
    """
    manifest = read_manifest(stimuli)
    rows = read_choices(choices, manifest)
    rows = rows if mode is None else rows[rows["mode"] == mode]
    plan = read_study_file(study) if study else None
    _check_study(rows, plan)
    rules = plan.analysis if plan else AnalysisTable()
    measured = read_evaluation(evaluation) if evaluation else None
    findings = analyse(rows, manifest, rules, measured)
    figures = _write_figures(findings, out / FIGURES_FOLDER)
    write_text(out / "participants.csv", findings.people.to_csv(index=False))
    record = _provenance(rows, manifest, plan, rules, measured)
    context = {"f": findings, "figures": figures, "record": record, "rows": strip(stimuli, manifest), "plan": plan}
    write_text(out / REPORT_NAME, _render(context | {"manifest": manifest, "rules": rules}))
    results = {"provenance": record, "headline": headline(findings), "findings": findings}
    write_text(out / RESULTS_NAME, to_json(results) + "\n")
    return Report(out / REPORT_NAME, out / RESULTS_NAME, headline(findings), findings.verdict.sentence)


def to_json(value: Any) -> str:
    """Return dataclasses, frames and numbers as JSON text; what is not finite becomes null."""
    return json.dumps(_plain(value), indent=1, ensure_ascii=False, allow_nan=False)


def headline(findings: Findings) -> str:
    """Return the number that carries the verdict, with its interval, in one sentence."""
    first, second = findings.compare
    rate = findings.kept.pooled
    mean = rounding.percent(rate.mean, rate.interval.half_width)
    ends = rounding.span(rate.interval.low, rate.interval.high, 100)
    who = "SIMULATED observers" if findings.simulated else "participants"
    n = f"{findings.kept.n_participants} {who}, {findings.kept.n_prompts} prompts"
    return f"{first} was chosen over {second} in {mean} % of trials ({100 * findings.level:g} % CI {ends} %; {n})."


def _check_study(choices: pd.DataFrame, study: StudyFile | None) -> None:
    found = [str(found) for found in choices["study_digest"].unique()]
    if study and found != [study.study_digest]:
        raise DigestError("study", found, study.study_digest, "Give the study file that these choices were made under.")


def _write_figures(findings: Findings, folder: Path) -> dict[str, Markup]:
    """Write each figure as SVG beside its data as CSV; return each as an address that holds the SVG."""
    drawn = {"selection-rates": _selection_figure(findings)}
    if not findings.budgets.empty:
        drawn["steps"] = plots.steps(findings.budgets, findings.compare)
    if findings.efficiency:
        drawn["efficiency"] = plots.efficiency(findings.efficiency)
    for name, (figure, data) in drawn.items():
        plots.save(figure, folder / f"{name}.svg")
        write_text(folder / f"{name}.csv", data.to_csv(index=False))
    return {name: _address(folder / f"{name}.svg") for name in drawn}


def _selection_figure(findings: Findings) -> tuple[Figure, pd.DataFrame]:
    n_prompts, simulated = findings.kept.n_prompts, findings.simulated
    pooled = findings.kept.pooled
    return plots.selection_rates(findings.people, pooled, findings.compare, n_prompts=n_prompts, simulated=simulated)


def _address(svg: Path) -> Markup:
    """Return an SVG as a `data:` address: as an image its styles stay its own, and the page's policy strict."""
    return Markup("data:image/svg+xml;base64," + base64.b64encode(svg.read_bytes()).decode("ascii"))  # noqa: S704  # base64 has no markup


def _provenance(
    choices: pd.DataFrame,
    manifest: Manifest,
    study: StudyFile | None,
    rules: AnalysisTable,
    measured: pd.DataFrame | None,
) -> dict[str, Any]:
    return {
        "study": manifest.study,
        "manifest_digest": manifest.digest,
        "study_digests": sorted(map(str, choices["study_digest"].unique())),
        "analysis_digest": digest(rules.model_dump(mode="json")),
        "rules_from": "the study file" if study else "the defaults; no study file was given",
        "analysis": rules.model_dump(),
        "evaluation_config_digests": [] if measured is None else sorted(map(str, measured["config_digest"].unique())),
        "model": manifest.renderer.model,
        "model_digest": manifest.renderer.model_digest,
        "predictor_digest": manifest.renderer.predictor_digest,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
    }


def _render(context: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("analysis"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "percent": rounding.percent,
        "plus_minus": rounding.plus_minus,
        "number": rounding.number,
        "signed": rounding.signed,
        "span": rounding.span,
        "p_value": rounding.p_value,
        "short": lambda text: text[:12] if text else rounding.MISSING,
    }
    css = environment.get_template("report.css").render()
    names = {"qualities": QUALITIES, "resamples": RESAMPLES, "headline": headline(context["f"])}
    scales = {"jnd": jnd, "d_prime": d_prime, "jnd_interval": jnd_interval}
    policy = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii")
    page = environment.get_template("report.html.j2")
    html = page.render(context | names | scales | {"css": Markup(css), "policy": policy})  # noqa: S704  # our own file
    return html.replace(" %", "\N{NO-BREAK SPACE}%") + "\n"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain({field.name: getattr(value, field.name) for field in fields(value)})
    if isinstance(value, pd.DataFrame):
        return _plain(value.to_dict("records"))
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
