"""Is what goes in what comes out: observers of known taste take studies over HTTP, and the analysis says what it was.

Each run is a whole study: its images in a folder, the real server, 20 simulated observers who know every image by its
bytes, the exported file, and what the report computes from it. Its number is the seed of its truth, its people and its
prompts.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from analysis.findings import Findings, analyse
from analysis.studies import read_studies
from benchmarks.harness import Figure, facts, main
from benchmarks.load import serving
from benchmarks.planted import Truth, make_people, publish
from study_server import dataset, schema
from study_server.db import Database

RUNS, QUICK_RUNS = 100, 3
AT_ONCE = 4
SHARE = 0.9


@dataclass(frozen=True)
class Run:
    """What the report said of a run, beside its truth."""

    seed: int
    rate: float
    low: float
    high: float
    true_rate: float
    left_low: float
    left_high: float
    true_left: float
    bound: float
    true_lapse: float


def measure(quick: bool, path: Path | None = None) -> list[Figure]:
    """Run the studies one after the other on one server.

    Args:
        quick: Whether to make few runs.
        path: A file that keeps every run; what it holds of this commit is not made again.
    """
    done, runs = kept(path), QUICK_RUNS if quick else RUNS
    with TemporaryDirectory() as name:
        database = Database(f"sqlite:///{name}/study.db")
        schema.upgrade(database)
        with serving(database.url) as (address, _):
            for seed in range(runs):
                if seed not in done:
                    done[seed] = _run(seed, database, address, Path(name) / str(seed))
                    keep(path, done[seed])
        database.close()
    return figures([done[seed] for seed in range(runs)])


def _run(seed: int, database: Database, address: str, folder: Path) -> Run:
    """Make a study, let its observers take it, export it, and read what the report says."""
    truth, name = Truth.of(seed), f"recovery-{seed}"
    people = make_people(truth, publish(database, name, seed, folder), seed)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda person: person.take(address, name), people))
    dataset.export(database, name, folder)
    [study] = read_studies([folder / "choices.parquet"], [folder])
    return _read(analyse(study.rows, study.compare, study.plan, manifest=study.manifest), seed, truth)


def _read(found: Findings, seed: int, truth: Truth) -> Run:
    """Take from the findings what the truth is compared with."""
    pooled, left = found.kept.pooled, found.controls.left.interval
    return Run(
        seed=seed,
        rate=pooled.mean,
        low=pooled.interval.low,
        high=pooled.interval.high,
        true_rate=truth.rate,
        left_low=left.low,
        left_high=left.high,
        true_left=truth.left,
        bound=found.lapse_bound,
        true_lapse=truth.lapse,
    )


def figures(runs: Sequence[Run]) -> list[Figure]:
    """Return how many runs hold their truth; with fewer than `RUNS` the targets are three Monte-Carlo errors wider."""
    rate = [run.low <= run.true_rate <= run.high for run in runs]
    left = [run.left_low <= run.true_left <= run.left_high for run in runs]
    lapse = [run.true_lapse <= run.bound for run in runs]
    off = np.array([run.rate - run.true_rate for run in runs])
    print(f"{len(runs)} runs: estimate minus truth {100 * off.mean():+.2f} pp on average, SD {100 * off.std():.2f} pp")
    slack = 0.0 if len(runs) == RUNS else 3 * float(np.sqrt(SHARE * (1 - SHARE) / len(runs)))
    names = {
        "selection rate in its interval": rate,
        "share of left in its interval": left,
        "lapses below the bound": lapse,
    }
    return [
        Figure(f"runs with the true {name}", float(np.mean(held)), "", SHARE - slack, ">=", "as it says", said)
        for (name, held), said in zip(names.items(), (0.95, 0.95, 0.975), strict=True)
    ]


def kept(path: Path | None) -> dict[int, Run]:
    """Return the runs of this commit that a file holds, by seed."""
    if path is None or not path.is_file():
        return {}
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    commit = facts()["commit"]
    return {row["seed"]: Run(**row) for row in rows if row.pop("commit") == commit}


def keep(path: Path | None, run: Run) -> None:
    """Add a run to a file."""
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"commit": facts()["commit"], **asdict(run)}) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--keep", type=Path, help="a file that keeps every run, so that a broken bench goes on")
    options, rest = parser.parse_known_args(sys.argv[1:])
    main("recovery", lambda quick: measure(quick, options.keep), rest)
