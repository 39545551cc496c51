"""Does the text tell how many steps a prompt deserves? Predicted against measured t*, held out by composition.

The captions that are asked share no combination (background, shape, count) with any training caption.

The measured rows are shipped (`budgetfusion/scenes/measurements.parquet`); five of them, drawn at random, are measured
again in each run, so that the rows stay tied to the code.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.harness import Figure, main
from budgetfusion import scenes
from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.pipeline import Model, load
from budgetfusion.diffusion.text import encode_text
from budgetfusion.measure import measure_batch
from budgetfusion.measurements import MEASUREMENT, read_table
from budgetfusion.metrics import BADNESS
from budgetfusion.metrics.encoder import scene_encoder
from budgetfusion.plateau import Rule, suggest
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.training import curves
from budgetfusion.scenes import captions

HELD_OUT_EACH, TRAINED_EACH = 24, 250  # captions of each of the six strata
TARGET = 0.3
REMEASURED = 5
RESAMPLES = 1000
TOLERANCE = 0.02  # of a metric in [0, 1]: threads, batches and processors change the last bits of the arithmetic

Row = dict[str, Any]
Steps = NDArray[np.float64]


@dataclass(frozen=True)
class Split:
    """Measured rows of training captions and of held-out captions, and what simple regressors look at."""

    train: Sequence[Row]
    test: Sequence[Row]
    features: Mapping[str, Mapping[str, float]]

    @property
    def prompts(self) -> list[str]:
        """The held-out captions."""
        return list(dict.fromkeys(row["prompt"] for row in self.test))


def measure(quick: bool) -> list[Figure]:
    """Correlate the shipped predictor's t* with that of measured curves; quick leaves nothing out, it takes 30 s."""
    model = load(GenerationConfig(), "cpu")
    split = _split(model)
    seeds = len({row["seed"] for row in split.test})
    print(f"{len(split.prompts)} held-out captions, {seeds} seeds each; low to high: 95 % bootstrap over captions")
    figures = [
        figure
        for name, metrics in (("with L-SNR", tuple(BADNESS)), ("without L-SNR", ("d_sim", "i_clip")))
        for figure in _figures(name, metrics, model, split)
    ]
    return [*figures, _remeasured(model, split.test)]


def _split(model: Model) -> Split:
    rows = [row for row in read_table(scenes.MEASUREMENTS, MEASUREMENT) if row["config_digest"] == model.digest]
    held_out = captions.scenes(held_out=True, each=HELD_OUT_EACH)
    every = {scene.caption: scene for scene in held_out + captions.scenes(held_out=False, each=TRAINED_EACH)}
    names = {scene.caption for scene in held_out}
    return Split(
        train=[row for row in rows if row["prompt"] not in names],
        test=[row for row in rows if row["prompt"] in names],
        features={
            "caption length": {caption: float(len(caption.split())) for caption in every},
            "object count": {caption: float(scene.num_objects) for caption, scene in every.items()},
        },
    )


def _figures(name: str, metrics: tuple[str, ...], model: Model, split: Split) -> list[Figure]:
    """Return the correlation beside its ceiling and beside simple regressors, and the spread of t*."""
    truth = _measured_steps(split.test, metrics)
    predicted = _predicted_steps(model, split.prompts, metrics)
    rho, spread, (low, high) = _rank(predicted, truth), float(predicted.std()), _interval(predicted, truth)
    beside = {"seed-to-seed ceiling": _ceiling(split.test, metrics)}
    literal = (_predicted_steps(model, split.prompts, metrics, "paper"), _measured_steps(split.test, metrics, "paper"))
    beside["Eq. 7 at its word"] = _rank(*literal)
    beside |= {f"{text} alone": _rank(_line(text, metrics, split), truth) for text in split.features}
    return [
        *(
            Figure(f"rank correlation {name}", rho, "", TARGET, ">=", anchor, value, low, high)
            for anchor, value in beside.items()
        ),
        Figure(f"SD of predicted t* {name}", spread, "steps", 1, ">=", "SD of measured t*", float(truth.std())),
    ]


def _line(text: str, metrics: tuple[str, ...], split: Split) -> Steps:
    """Return what a least-squares line on one number of the caption, fitted on the training captions, predicts."""
    feature = split.features[text]
    prompts = list(dict.fromkeys(row["prompt"] for row in split.train))
    slope, offset = np.polyfit([feature[p] for p in prompts], _measured_steps(split.train, metrics), 1)
    return np.array([slope * feature[p] + offset for p in split.prompts])


def _predicted_steps(model: Model, prompts: Sequence[str], metrics: tuple[str, ...], rule: Rule = "prefix") -> Steps:
    predictor = Predictor.load(scenes.PREDICTOR)
    curves_of = predictor.predict(encode_text(model.pipe, prompts))
    columns = [predictor.network.config.metrics.index(name) for name in metrics]
    return _steps(curves_of[:, columns], metrics, rule)


def _measured_steps(rows: Sequence[Row], metrics: tuple[str, ...], rule: Rule = "prefix") -> Steps:
    """Return t* of each prompt's measured curves, averaged over its seeds."""
    return _steps(curves(rows, metrics)[1], metrics, rule)


def _steps(values: NDArray[np.float64], metrics: tuple[str, ...], rule: Rule = "prefix") -> Steps:
    """Return t* of curves of shape (prompts, metrics, 129)."""
    badness = [{name: BADNESS[name](curve) for name, curve in zip(metrics, prompt, strict=True)} for prompt in values]
    return np.array([suggest(prompt, rule=rule).num_steps for prompt in badness], dtype=np.float64)


def _ceiling(rows: Sequence[Row], metrics: tuple[str, ...]) -> float:
    """Return the rank correlation of t* between the two halves of the seeds: no text can tell seeds apart."""
    seeds = sorted({row["seed"] for row in rows})
    halves = [[row for row in rows if row["seed"] in half] for half in (seeds[::2], seeds[1::2])]
    return _rank(*(_measured_steps(half, metrics) for half in halves))


def _interval(a: Steps, b: Steps) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the rank correlation over captions."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(a), len(a)) for _ in range(RESAMPLES)]
    low, high = np.percentile([_rank(a[draw], b[draw]) for draw in draws], [2.5, 97.5])
    return float(low), float(high)


def _rank(a: Steps, b: Steps) -> float:
    return float(spearmanr(a, b).statistic)


def _remeasured(model: Model, rows: Sequence[Row]) -> Figure:
    """Measure some rows again and return the largest difference from what is shipped."""
    chosen = secrets.SystemRandom().sample(list(rows), REMEASURED)
    shipped = {(row["prompt"], row["seed"], row["num_steps"]): row for row in rows}
    jobs = list(dict.fromkeys((row["prompt"], row["seed"]) for row in chosen))
    picked = {(row["prompt"], row["seed"], row["num_steps"]) for row in chosen}
    differences = [
        abs(row[name] - shipped[key][name])
        for row in measure_batch(model, scene_encoder(), jobs)
        if (key := (row["prompt"], row["seed"], row["num_steps"])) in picked
        for name in BADNESS
    ]
    name = f"largest difference of {REMEASURED} rows measured again"
    return Figure(name, max(differences), "", TOLERANCE, "<=", "bitwise equality", 0.0)


if __name__ == "__main__":
    main("plateau", measure)
