"""Training from a file, with a progress bar: what `budgetfusion train` does."""

from pathlib import Path

from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text
from budgetfusion.errors import FileContentError
from budgetfusion.measurements import MEASUREMENT, read_table
from budgetfusion.predictor.network import NetworkConfig
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.training import TrainingConfig
from budgetfusion.progress import bar


def train_predictor(model: Model, path: Path, *, hidden: int, shared: bool, epochs: int | None = None) -> Predictor:
    """Fit a predictor on the rows of a measurement table that belong to a model.

    Args:
        model: The model that was measured (its text encoder is enough).
        path: The measurement table.
        hidden: Width of the LSTM.
        shared: One trunk for all metrics, or one network for each.
        epochs: Passes over the prompts; the default of `TrainingConfig` if none.

    Raises:
        FileContentError: If no row belongs to the model.
        IncompleteMeasurementsError: If a prompt lacks a knot.
    """
    rows = [row for row in read_table(path, MEASUREMENT) if row["config_digest"] == model.digest]
    if not rows:
        raise FileContentError(
            path, "no row of this model", f"digest {model.digest[:12]}", "Run `budgetfusion measure`."
        )
    training = TrainingConfig(epochs=epochs) if epochs else TrainingConfig()
    width = model.pipe.text_encoder.config.hidden_size
    with bar("training", training.epochs) as advance:
        return Predictor.fit(
            rows,
            lambda prompts: encode_text(model.pipe, prompts),
            network=NetworkConfig(text_width=width, hidden=hidden, shared_trunk=shared),
            training=training,
            progress=lambda epoch, loss: advance(epoch),
        )
