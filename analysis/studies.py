"""What a report is about: choices, matched with their material and their plan by the digests that they carry."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.errors import ComparisonError, DigestError, NoChoicesError
from analysis.load import Source, check_manifest, read_source
from analysis.plan import AnalysisPlan, read_plan
from stimuli.manifest import MANIFEST_NAME, Manifest, read_manifest

Pair = tuple[str, str]


@dataclass(frozen=True)
class Study:
    """One comparison of a report: choices, the two conditions, the plan, and the material if it is given."""

    source: Source
    rows: pd.DataFrame
    compare: Pair
    plan: AnalysisPlan
    manifest: Manifest | None = None
    folder: Path | None = None

    @property
    def name(self) -> str:
        """The comparison in words."""
        return f"{self.compare[0]} v {self.compare[1]}"


def read_studies(
    choices: Sequence[Path],
    stimuli: Sequence[Path] = (),
    plans: Sequence[Path] = (),
    *,
    mode: str | None = None,
    compare: Sequence[Pair] = (),
) -> list[Study]:
    """Read every file and match them by their digests, so that their order does not matter.

    Args:
        choices: Tables of choices; each gives one comparison, or one for each pair of `compare` that it holds.
        stimuli: Stimuli folders, or their manifests; none: what was shown is not checked.
        plans: Study files, each for the choices with its digest, or one plan for all; none: the defaults.
        mode: Whose choices; none: see `exclude.MODES`.
        compare: The pairs to compare; none: the manifest's.

    Raises:
        AnalysisError: If the files do not fit together, or a comparison is not there.
        StimuliError: If a manifest or a study file cannot be read.
    """
    manifests = [(folder, read_manifest(folder)) for folder in map(_folder, stimuli)]
    read_plans = [read_plan(path) for path in plans]
    return [
        study
        for source in map(read_source, choices)
        for study in _studies(source, manifests, _plan_of(source, read_plans), mode, compare)
    ]


def _folder(path: Path) -> Path:
    return path.parent if path.name == MANIFEST_NAME else path


def _studies(
    source: Source,
    manifests: Sequence[tuple[Path, Manifest]],
    plan: AnalysisPlan,
    mode: str | None,
    compare: Sequence[Pair],
) -> list[Study]:
    folder, manifest = _material_of(source, manifests)
    rows = source.frame if mode is None else source.frame[source.frame["mode"] == mode]
    if rows.empty:
        raise NoChoicesError(f"choices of mode {mode} in {source.path}")
    pairs = _pairs(source, manifest, compare)
    return [Study(source, rows, pair, plan, manifest, folder) for pair in pairs]


def _material_of(source: Source, manifests: Sequence[tuple[Path, Manifest]]) -> tuple[Path | None, Manifest | None]:
    if not manifests:
        return None, None
    digests = set(source.frame["manifest_digest"])
    fitting = [(folder, manifest) for folder, manifest in manifests if manifest.digest in digests]
    folder, manifest = (fitting or manifests)[0]
    check_manifest(source, manifest)
    return folder, manifest


def _plan_of(source: Source, plans: Sequence[AnalysisPlan]) -> AnalysisPlan:
    found = sorted(map(str, source.frame["study_digest"].unique()))
    for plan in plans:
        if plan.study is None or found == [plan.study.study_digest]:
            return plan
    for plan in plans:
        if plan.study is not None:
            remedy = "Give the study file that these choices were made under."
            raise DigestError("study", found, plan.study.study_digest, remedy)
    return AnalysisPlan()


def _pairs(source: Source, manifest: Manifest | None, compare: Sequence[Pair]) -> list[Pair]:
    main = source.frame[source.frame["purpose"] == "main"]
    shown = {frozenset(pair) for pair in zip(main["left_condition"], main["right_condition"], strict=True)}
    if compare:
        there = [pair for pair in compare if frozenset(pair) in shown]
        if not there:
            raise ComparisonError(source.path, sorted({c for pair in shown for c in pair}), "a pair that was compared")
        return there
    if manifest is None:
        found = sorted({condition for pair in shown for condition in pair})
        raise ComparisonError(source.path, found, "two conditions by name, or the stimuli folder that declares them")
    return [manifest.compare]
