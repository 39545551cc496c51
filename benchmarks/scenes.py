"""Does the embedded model draw what its captions say, anew for each seed, and do fuller scenes take more steps?

Captions held out by composition, drawn by the model at guidance 7.5 with 65 steps, are judged by a classifier that was
trained on drawn scenes. Beside each figure stands what the same judge says of pictures that were drawn for the same
captions. The steps come from the shipped measurements.
"""

import argparse
import copy
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import binomtest

from benchmarks.harness import Figure, main
from benchmarks.plateau import HELD_OUT_EACH, TRAINED_EACH
from budgetfusion import scenes
from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.pipeline import Model, load
from budgetfusion.measurements import MEASUREMENT, read_table
from budgetfusion.metrics.d_sim import d_sim
from budgetfusion.metrics.frechet import frechet_distance, gaussian
from budgetfusion.scenes import attributes, captions, midlevel
from budgetfusion.scenes.attributes import Attributes, Seen, main_class, main_group
from budgetfusion.scenes.draw import render
from budgetfusion.scenes.grammar import Scene
from budgetfusion.steps import KNOTS, interpolate

CAPTIONS, QUICK_CAPTIONS = 200, 24
STEPS, GUIDANCE = 65, 7.5
TARGETS = {"background": 0.95, "main colour": 0.85, "main shape": 0.70, "count within one": 0.60}
FEW = 4  # objects up to which they are counted
VARIETY = 0.5
OF_FINAL = 0.95  # share of the final SSIM
ERRORS = 2.0  # standard errors that are no accident

Images = NDArray[np.uint8]
Encode = Callable[[Images], NDArray[np.float32]]


@dataclass(frozen=True)
class Steps:
    """Mean over captions of the steps that reach the share of the final SSIM, and its standard error."""

    mean: float
    error: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Steps":
        """Summarise the steps of captions; of fewer than two there is no error, and no number."""
        if len(values) < 2:
            return cls(float("nan"), float("nan"))
        return cls(float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values))))


def measure(quick: bool, model: str = "scenes", measurements: Path = scenes.MEASUREMENTS) -> list[Figure]:
    """Judge what a model draws for 200 captions (quick: 24), two seeds each, and read how many steps it needed."""
    judge, encode = attributes.load(), midlevel.load().features
    loaded = load(GenerationConfig(model=model, guidance_scale=GUIDANCE), "cpu")
    wanted = captions.scenes(held_out=True, each=-(-CAPTIONS // len(captions.STRATA)))
    wanted = wanted[: QUICK_CAPTIONS if quick else CAPTIONS]
    generated = [_generated(loaded, wanted, seed) for seed in (0, 1)]
    drawn = [_drawn(wanted, seed) for seed in range(4)]
    return [
        *_right(judge, wanted, generated[0], drawn[0]),
        _frechet(judge, generated, drawn),
        _variety(encode, generated, drawn),
        *_complexity(loaded, measurements),
    ]


def _generated(model: Model, wanted: Sequence[Scene], seed: int) -> Images:
    """Return the model's picture of each caption; the denoiser computes in bfloat16."""
    pipe = copy.deepcopy(model.pipe)
    pipe.unet.to(torch.bfloat16)
    prompts = [scene.caption for scene in wanted]
    pictures = Engine(pipe).run(prompts, [STEPS] * len(prompts), seeds=[seed] * len(prompts), guidance_scale=GUIDANCE)
    return np.stack([picture.pixels for picture in pictures])


def _drawn(wanted: Sequence[Scene], seed: int) -> Images:
    rng = random.Random(seed)  # noqa: S311 -- nothing secret is drawn
    return np.stack([render(scene, rng) for scene in wanted])


def _right(judge: Attributes, wanted: Sequence[Scene], generated: Images, drawn: Images) -> list[Figure]:
    """Return how often each attribute of a caption is in its picture, with 95 % Wilson intervals."""
    answers, beside = (answers_of(judge.see(images), wanted, judge.config) for images in (generated, drawn))
    _print_strata(answers, wanted)
    figures = []
    for name, target in TARGETS.items():
        right, asked = sum(answers[name].values()), len(answers[name])
        low, high = binomtest(right, asked).proportion_ci(method="wilson")
        share, of_drawn = right / asked, sum(beside[name].values()) / asked
        what = f"{name}, of {asked} captions"
        figures.append(Figure(what, share, "", target, ">=", "drawn pictures", of_drawn, float(low), float(high)))
    return figures


def answers_of(seen: Seen, wanted: Sequence[Scene], names: attributes.Config) -> dict[str, dict[int, bool]]:
    """Return whether pictures show what their captions say: for each attribute, by the number of the caption.

    A caption is asked about its background if it names one; about the shape, and the colour if it names one, of the
    group that it names first, in that group's region; and about the count if it has one to four objects.
    """
    answers: dict[str, dict[int, bool]] = {name: {} for name in TARGETS}
    for k, scene in enumerate(wanted):
        if scene.background in scene.caption:
            answers["background"][k] = names.backgrounds[seen.backgrounds[k].argmax()] == scene.background
        if main := main_group(scene):
            group, region = main
            answers["main shape"][k] = names.shapes[main_class(seen.shape_map[k], region)] == group.shape
            if group.colour:
                answers["main colour"][k] = names.colours[main_class(seen.colour_map[k], region)] == group.colour
        if 1 <= scene.num_objects <= FEW:
            answers["count within one"][k] = bool(abs(seen.counts[k].argmax() - scene.num_objects) <= 1)
    return answers


def _print_strata(answers: dict[str, dict[int, bool]], wanted: Sequence[Scene]) -> None:
    """Print how often each attribute is right in each stratum."""
    for name, right in answers.items():
        by_stratum = defaultdict(list)
        for k, answer in right.items():
            by_stratum[captions.stratum(wanted[k])].append(answer)
        shares = (f"{key} {np.mean(by_stratum[key]):.2f}" for key in captions.STRATA if by_stratum[key])
        print(f"{name}: {', '.join(shares)}")


def _frechet(judge: Attributes, generated: Sequence[Images], drawn: Sequence[Images]) -> Figure:
    """Return FID-scenes between generated and drawn pictures of the same captions, beside that of drawn and drawn."""
    sets = (np.concatenate(generated), np.concatenate(drawn[:2]), np.concatenate(drawn[2:]))
    made, first, second = (gaussian(judge.features(images)) for images in sets)
    return Figure(
        *(f"FID-scenes, {len(sets[0])} generated against drawn", frechet_distance(*made, *first), "", None, "<="),
        *("drawn against drawn", frechet_distance(*second, *first)),
    )


def _variety(encode: Encode, generated: Sequence[Images], drawn: Sequence[Images]) -> Figure:
    """Return the mean distance of two seeds' pictures, over that of two drawn pictures of the same captions."""
    seeds, drawings = (_apart(encode, pair[0], pair[1]) for pair in (generated, drawn))
    low, high = _resampled(lambda rows: seeds[rows].mean() / drawings[rows].mean(), len(seeds))
    ratio = float(seeds.mean() / drawings.mean())
    return Figure(
        *("distance of two seeds / of two drawings", ratio, "", VARIETY, ">=", "two drawings", 1.0, low, high),
    )


def _apart(encode: Encode, first: Images, second: Images) -> NDArray[np.float64]:
    pairs = zip(encode(first), encode(second), strict=True)
    return np.array([d_sim(one[None], other)[0] for one, other in pairs])


def _resampled(statistic: Callable[[NDArray[np.int64]], float], count: int) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval over captions."""
    rng = np.random.default_rng(0)
    draws = [statistic(rng.integers(0, count, count)) for _ in range(1000)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def _complexity(model: Model, path: Path) -> list[Figure]:
    """Return the steps that each stratum takes, and whether they rise from empty scenes to crowds."""
    rows = [row for row in read_table(path, MEASUREMENT) if row["config_digest"] == model.digest]
    found = list(_steps(rows).values())
    falls = [-_rise(before, after) for before, after in pairwise(found)]
    return [
        *(
            Figure(
                *(f"steps to {OF_FINAL:.0%} of the final SSIM, {name}", steps.mean, "", None, ">="),
                *(captions.STRATA[0], found[0].mean, steps.mean - steps.error, steps.mean + steps.error),
            )
            for name, steps in zip(captions.STRATA, found, strict=True)
        ),
        Figure("crowds over empty, standard errors", _rise(found[0], found[-1]), "", ERRORS, ">=", "none", 0.0),
        Figure("largest fall to the next, standard errors", float(np.max([0, *falls])), "", ERRORS, "<=", "none", 0.0),
    ]


def _steps(rows: Sequence[dict[str, Any]]) -> dict[str, Steps]:
    """Return the steps of each stratum's measured captions, each averaged over its seeds."""
    curves: dict[str, dict[int, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        curves[row["prompt"]][row["seed"]][row["num_steps"]] = row["ssim"]
    means: dict[str, list[float]] = {name: [] for name in captions.STRATA}
    for held_out, each in ((True, HELD_OUT_EACH), (False, TRAINED_EACH)):
        for scene in captions.scenes(held_out=held_out, each=each):
            if seeds := curves.get(scene.caption):
                values = np.array([[seed[steps] for steps in KNOTS] for seed in seeds.values()])
                means[captions.stratum(scene)].append(float(steps_to_share(values).mean()))
    return {name: Steps.of(values) for name, values in means.items()}


def steps_to_share(curves: NDArray[np.float64], share: float = OF_FINAL) -> NDArray[np.int64]:
    """Return the first step count from which on each curve stays at a share of its last value, or above.

    Args:
        curves: At the knots, shape (curves, knots).
        share: In [0, 1].
    """
    dense = interpolate(curves, np.array(KNOTS))
    below = dense < share * dense[:, -1:]
    last_below = below.shape[1] - below[:, ::-1].argmax(axis=1)
    return np.where(below.any(axis=1), last_below + 1, 1)


def _rise(before: Steps, after: Steps) -> float:
    """Return the difference of two means in its standard errors."""
    return (after.mean - before.mean) / float(np.hypot(before.error, after.error))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--model", default="scenes", help="a pipeline's folder instead of the embedded one")
    parser.add_argument("--measurements", type=Path, default=scenes.MEASUREMENTS, help="what was measured on it")
    options, rest = parser.parse_known_args(sys.argv[1:])
    main("scenes", lambda quick: measure(quick, options.model, options.measurements), rest)
