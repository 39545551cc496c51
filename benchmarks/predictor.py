"""What asking the predictor costs: ours beside the paper's layout, and beside one denoising step.

Text encoding is left out on both sides, as every pipeline does it anyway, and is printed beside.
"""

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from benchmarks.harness import Figure, interleaved_ratio, main
from budgetfusion import scenes
from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.pipeline import Model, load
from budgetfusion.diffusion.text import encode_text
from budgetfusion.metrics import BADNESS
from budgetfusion.predictor.network import CurveNetwork, NetworkConfig
from budgetfusion.predictor.perceptron import Perceptron, PerceptronConfig
from budgetfusion.steps import KNOTS

PROMPT = "a red ball on a green field"
FASTER, OF_A_STEP, WORSE = 100.0, 0.02, 0.05
BATCH = 64
PAPER, SHARE = "the paper's layout over ours, one prompt", "ours over a denoising step, one prompt"


def measure(quick: bool) -> list[Figure]:
    """Time both layouts, a denoising step and the text encoder in turn; read the errors off shipped predictions."""
    model = load(GenerationConfig(), "cpu")
    text = torch.from_numpy(encode_text(model.pipe, [PROMPT]))
    width, pairs = text.shape[1], 9 if quick else 31
    many = text.repeat(BATCH, 1)
    paper, ours = CurveNetwork(NetworkConfig(width)).eval(), Perceptron(PerceptronConfig(width)).eval()
    step = _Step(model)
    with torch.inference_mode():
        speed = interleaved_ratio(lambda: paper(text), lambda: ours(text), pairs=pairs)
        share = interleaved_ratio(lambda: ours(text), step, pairs=2 * pairs)
        batch = interleaved_ratio(lambda: ours(many), step, pairs=pairs)
        encoding = interleaved_ratio(lambda: encode_text(model.pipe, [PROMPT]), step, pairs=2 * pairs)
    spread = (speed.ratio.low, speed.ratio.high)
    of_a_step = (share.ratio.low, share.ratio.high)
    step_ms = 1e3 * share.b_s.median
    return [
        Figure(PAPER, speed.ratio.median, "times", FASTER, ">=", "ours, ms", 1e3 * speed.b_s.median, *spread),
        Figure(SHARE, share.ratio.median, "", OF_A_STEP, "<=", "a step, ms", step_ms, *of_a_step),
        Figure(
            f"ours over a denoising step, each of {BATCH}",
            batch.ratio.median / BATCH,
            "",
            None,
            "<=",
            "a step, ms",
            step_ms,
        ),
        Figure("text encoding over a denoising step", encoding.ratio.median, "", None, "<=", "a step, ms", step_ms),
        *(_error(metric) for metric in BADNESS),
    ]


class _Step:
    """One denoising step of one image with guidance: two rows through the embedded UNet."""

    def __init__(self, model: Model) -> None:
        unet = model.pipe.unet
        self._unet = unet
        self._latents = torch.zeros(2, unet.config.in_channels, unet.config.sample_size, unet.config.sample_size)
        tokens = model.pipe.tokenizer.model_max_length
        self._states = torch.zeros(2, tokens, unet.config.cross_attention_dim)

    def __call__(self) -> object:
        return self._unet(self._latents, 500, self._states).sample


def _error(metric: str) -> Figure:
    """Return how much worse ours predicts a metric than the paper's layout does, relative, of shipped predictions."""
    name = f"MAE of {metric}, ours over the paper's, minus 1"
    ours, paper = (_mae(metric, variant) for variant in ("ours", "paper"))
    return Figure(name, ours / paper - 1, "", WORSE, "<=", "MAE of the paper's layout", paper)


def _mae(metric: str, variant: str) -> float:
    wanted = [("metric", "==", metric), ("variant", "==", variant), ("num_steps", "in", list(KNOTS[:-1]))]
    table = pq.read_table(scenes.PREDICTIONS, columns=["predicted", "label"], filters=wanted)
    predicted: NDArray[np.float32] = table["predicted"].to_numpy()
    return float(np.abs(predicted - table["label"].to_numpy()).mean())


if __name__ == "__main__":
    main("predictor", measure)
