"""Training from a file, with a progress bar: what `budgetfusion train` does."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text
from budgetfusion.errors import FileContentError
from budgetfusion.measurements import MEASUREMENT, read_table
from budgetfusion.predictor.network import NetworkConfig
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.training import PAPER, TrainingConfig
from budgetfusion.progress import bar


def train_predictor(model: Model, path: Path, *, size: Literal["small", "paper"], epochs: int | None) -> Predictor:
    """Fit a predictor on the rows of a measurement table that belong to a model.

    Args:
        model: The model that was measured (its text encoder is enough).
        path: The measurement table.
        size: 'small' (one trunk, along the knots) or 'paper' (three networks of hidden 512, along 1..129 steps).
        epochs: Passes over the prompts; the size's own if none.

    Raises:
        FileContentError: If no row belongs to the model.
        IncompleteMeasurementsError: If a prompt lacks a knot.
    """
    rows = [row for row in read_table(path, MEASUREMENT) if row["config_digest"] == model.digest]
    if not rows:
        raise FileContentError(
            path, "no row of this model", f"digest {model.digest[:12]}", "Run `budgetfusion measure`."
        )
    width = model.pipe.text_encoder.config.hidden_size
    training = TrainingConfig() if size == "small" else PAPER
    training = replace(training, epochs=epochs or training.epochs)
    with bar("training", training.epochs) as advance:
        return Predictor.fit(
            rows,
            lambda prompts: encode_text(model.pipe, prompts),
            network=NetworkConfig(width) if size == "small" else NetworkConfig.paper(width),
            training=training,
            progress=lambda epoch, loss: advance(epoch),
        )
