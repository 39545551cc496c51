"""The images that an evaluation needs: each made once by its method, and measured against its references."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from budgetfusion.metrics import Encoder, measure_images
from budgetfusion.metrics.networks import Network
from budgetfusion.rules import EULER

Row = dict[str, Any]
Pixels = NDArray[np.uint8]
Make = Callable[[Sequence[str], Sequence[int], Sequence[int]], Pixels]
"""Prompts, seeds and steps, one of each for an image, to RGB pixels, shape (images, height, width, 3), 0..255."""


AGAINST = ("d_sim", "i_clip", "i_clip_caption", "ssim")
"""The metrics that compare with a reference."""


class Shot(NamedTuple):
    """One image: by which method, of what, from which noise, in how many steps."""

    method: str
    prompt: str
    seed: int
    num_steps: int


SHOT = pa.schema(
    [
        ("method", pa.string()),
        ("prompt", pa.string()),
        ("seed", pa.int64()),
        ("num_steps", pa.int64()),
        ("l_snr_db", pa.float64()),
        ("l_snr", pa.float64()),
        (
            "against",
            pa.list_(
                pa.struct(
                    [
                        ("reference", pa.string()),
                        ("reference_num_steps", pa.int64()),
                        ("d_sim", pa.float64()),
                        ("i_clip", pa.float64()),
                        ("i_clip_caption", pa.float64()),
                        ("ssim", pa.float64()),
                    ]
                )
            ),
        ),
        (
            "seen",
            pa.list_(
                pa.struct(
                    [
                        ("network", pa.string()),
                        ("features", pa.list_(pa.float32())),
                        ("probabilities", pa.list_(pa.float32())),
                    ]
                )
            ),
        ),
    ]
)
"""One row for each image: its own metrics, those against each reference, and what each network sees in it."""


def take(shots: Iterable[Shot], makers: Mapping[str, Make]) -> dict[Shot, Pixels]:
    """Make images, those of one method together.

    Args:
        shots: What is wanted; the result does not depend on their order.
        makers: How each method makes images.
    """
    every = sorted(set(shots))
    taken: dict[Shot, Pixels] = {}
    for method in dict.fromkeys(shot.method for shot in every):
        own = [shot for shot in every if shot.method == method]
        made = makers[method](*map(list, zip(*(shot[1:] for shot in own), strict=True)))
        taken |= dict(zip(own, made, strict=True))
    return taken


def measure(
    taken: Mapping[Shot, Pixels],
    references: Sequence[int],
    own: Sequence[str],
    encoder: Encoder,
    networks: Mapping[str, Network],
) -> list[Row]:
    """Measure images against the references of their prompt and seed, in the order of the shots.

    Args:
        taken: The images, their references among them.
        references: Steps of the references.
        own: Methods that are compared with their own references, too, and not with Euler's alone.
        encoder: The features of the metrics.
        networks: Through which sets will be scored, by name.

    Returns:
        Rows of `SHOT`.
    """
    rows = {shot: _row(shot) for shot in taken}
    for prompt, seed in dict.fromkeys((shot.prompt, shot.seed) for shot in taken):
        here = [shot for shot in taken if (shot.prompt, shot.seed) == (prompt, seed)]
        for method in (EULER, *own):
            judged = [shot for shot in here if method in (EULER, shot.method)]
            for num_steps in references:
                reference = Shot(method, prompt, seed, num_steps)
                _compare(rows, judged, reference, taken, encoder)
    _look(rows, taken, networks)
    return list(rows.values())


def _row(shot: Shot) -> Row:
    return {**shot._asdict(), "l_snr_db": None, "l_snr": None, "against": [], "seen": []}


def _compare(
    rows: dict[Shot, Row], judged: list[Shot], reference: Shot, taken: Mapping[Shot, Pixels], encoder: Encoder
) -> None:
    metrics = measure_images(np.stack([taken[shot] for shot in judged]), taken[reference], encoder)
    for k, shot in enumerate(judged):
        row = rows[shot]
        row["l_snr_db"], row["l_snr"] = float(metrics["l_snr_db"][k]), float(metrics["l_snr"][k])
        found = {name: float(metrics[name][k]) if name in metrics else None for name in AGAINST}
        row["against"].append({"reference": reference.method, "reference_num_steps": reference.num_steps, **found})


def _look(rows: dict[Shot, Row], taken: Mapping[Shot, Pixels], networks: Mapping[str, Network]) -> None:
    for name, network in networks.items():
        features, probabilities = network(np.stack(list(taken.values())))
        for row, of_image, classes in zip(rows.values(), features, probabilities, strict=True):
            row["seen"].append({"network": name, "features": of_image.tolist(), "probabilities": classes.tolist()})
