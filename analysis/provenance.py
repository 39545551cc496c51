"""Where every number of a report comes from: files, digests, rules, model, versions."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import pandas as pd

from analysis.document import Bullets, Section, Text
from analysis.studies import Study

LIBRARIES = ("budgetfusion", "numpy", "pandas", "scipy", "statsmodels", "matplotlib")


def provenance(studies: Sequence[Study], measured: pd.DataFrame | None) -> dict[str, Any]:
    """Return where every number comes from: digests, rules, model, versions."""
    first = studies[0]
    manifest = first.manifest
    digests = sorted({str(d) for s in studies for d in s.rows["study_digest"].unique()})
    return {
        "study": " + ".join(dict.fromkeys(str(s.rows["study"].iloc[0]) for s in studies)),
        "files": {s.source.path.name: s.source.sha256 for s in studies},
        "formats": {s.source.path.name: s.source.format for s in studies},
        "columns_not_read": {s.source.path.name: list(s.source.unread) for s in studies if s.source.unread},
        "manifest_digest": manifest.digest if manifest else None,
        "manifest_digests": [s.manifest.digest for s in studies if s.manifest],
        "study_digests": digests,
        "analysis_digest": first.plan.digest,
        "analysis_digests": [s.plan.digest for s in studies],
        "rules_from": first.plan.origin,
        "analysis": first.plan.rules.model_dump(mode="json"),
        "evaluation_config_digests": [] if measured is None else sorted(map(str, measured["config_digest"].unique())),
        "model": manifest.renderer.model if manifest else None,
        "model_digest": manifest.renderer.model_digest if manifest else None,
        "predictor_digest": manifest.renderer.predictor_digest if manifest else None,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
    }


def provenance_section(record: dict[str, Any]) -> Section:
    """Return the provenance as the last section of a report."""
    digests = {
        "files (sha256)": [f"{name} `{value[:12]}`" for name, value in record["files"].items()],
        "read as": [f"{name}: {value}" for name, value in record["formats"].items()],
        "columns that were not read": [f"{n}: {', '.join(c)}" for n, c in record["columns_not_read"].items()],
        "manifest (what was shown)": [f"`{value[:12]}`" for value in record["manifest_digests"]]
        or ["not given, so what was shown is not checked"],
        "study (design and texts)": [f"`{value[:12]}`" for value in record["study_digests"] if value],
        "analysis (the preregistration)": [f"`{v[:12]}`" for v in dict.fromkeys(record["analysis_digests"])],
        "rules from": [record["rules_from"]],
        "rules": [f"{key} = {value}" for key, value in record["analysis"].items()],
        "model": [f"{record['model']} `{record['model_digest'][:12]}`"] if record["model"] else [],
        "versions": [f"{name} {value}" for name, value in record["versions"].items()],
    }
    shown = tuple(f"**{name}**: {', '.join(values)}" for name, values in digests.items() if values)
    words = Text(
        "Digests are their first 12 digits; in full in `results.json`. The columns are explained in `codebook.csv`."
    )
    return Section("Where it comes from", (words, Bullets(shown)))
