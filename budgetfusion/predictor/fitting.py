"""Training from a file, with a progress bar: what `budgetfusion train predictor` does."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text, text_width
from budgetfusion.errors import FileContentError
from budgetfusion.measurements import MEASUREMENT, read_table
from budgetfusion.predictor import spread
from budgetfusion.predictor.network import NetworkConfig
from budgetfusion.predictor.perceptron import PerceptronConfig
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.training import PAPER, TrainingConfig, passes
from budgetfusion.progress import bar

FOLDS = 3
"""Parts of the prompts, each predicted by a fit on the others, from which the spread of t* is read."""

Row = dict[str, Any]
Size = Literal["small", "paper"]


def train_predictor(
    model: Model, path: Path, *, size: Size, epochs: int | None, held_out: Sequence[str] = (), seed: int = 0
) -> Predictor:
    """Fit a predictor on the rows of a measurement table that belong to a model.

    Args:
        model: The model that was measured (its text encoder is enough).
        path: The measurement table.
        size: 'small' (`PerceptronConfig`) or 'paper' (`NetworkConfig`).
        epochs: Passes over the prompts; the size's own if none.
        held_out: Prompts that it must not learn from.
        seed: Of the first weights and of the order of the prompts.

    Raises:
        FileContentError: If no row belongs to the model, or if they are of several encoders.
        IncompleteMeasurementsError: If a prompt lacks a knot.
    """
    rows = rows_of(model, path, without=held_out)
    width = text_width(model.pipe)
    network = PerceptronConfig(width) if size == "small" else NetworkConfig(width)
    training = replace(TrainingConfig() if size == "small" else PAPER, seed=seed)
    training = replace(training, epochs=epochs or training.epochs)
    folds = FOLDS if size == "small" and len({row["prompt"] for row in rows}) >= FOLDS else 0
    total = passes(network, training)
    with bar("training", total * (1 + folds)) as advance:
        fit = Fit(model, network, training)
        predictor = fit(rows, lambda epoch, loss: advance(epoch))
        if not folds:
            return predictor
        quantiles = spread.cross_fitted(rows, lambda known, asked: fit.suggested(known, asked), folds, seed)
        advance(total * (1 + folds))
    return predictor.knowing(spread=quantiles)


def rows_of(model: Model, path: Path, *, without: Sequence[str] = ()) -> list[Row]:
    """Return the rows of a measurement table that belong to a model, those of some prompts left out.

    Raises:
        FileContentError: If none is left, or if they were seen through several encoders.
    """
    left_out = set(without)
    rows = [
        row
        for row in read_table(path, MEASUREMENT)
        if row["config_digest"] == model.digest and row["prompt"] not in left_out
    ]
    if not rows:
        expected = f"digest {model.digest[:12]}"
        raise FileContentError(path, "no row of this model", expected, "Run `budgetfusion measure`.")
    if len(encoders := sorted({str(row["encoder"]) for row in rows})) > 1:
        remedy = "Give each encoder a table of its own."
        raise FileContentError(path, f"rows of encoders {', '.join(encoders)}", "those of one", remedy)
    return rows


class Fit:
    """Fits of one layout to one model's rows.

    Args:
        model: Whose text encoder is asked, and on whose device is trained.
        network: The layout.
        training: How.
    """

    def __init__(self, model: Model, network: NetworkConfig | PerceptronConfig, training: TrainingConfig) -> None:
        self._model, self._network, self._training = model, network, training

    def __call__(
        self, rows: Sequence[Row], progress: Callable[[int, float], None] = lambda epoch, loss: None
    ) -> Predictor:
        """Fit a predictor; `progress` is called after each epoch with its number and the loss."""
        return Predictor.fit(
            rows,
            self._encode,
            network=self._network,
            training=self._training,
            progress=progress,
            device=self._model.device,
        )

    def suggested(self, known: Sequence[Row], asked: Sequence[str]) -> list[int]:
        """Fit on rows and return t* of other prompts."""
        return [one.num_steps for one in self(known).suggest(self._encode(asked))]

    def _encode(self, prompts: Sequence[str]) -> Any:
        return encode_text(self._model.pipe, prompts)
