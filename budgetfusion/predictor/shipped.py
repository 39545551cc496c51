"""Which predictor answers for a model: its own, or one that the user forces."""

from pathlib import Path

import click

from budgetfusion import scenes
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import text_width
from budgetfusion.errors import PredictorMismatchError, PredictorWidthError
from budgetfusion.predictor.predictor import Predictor


def predictor_for(model: Model, forced: Path | None = None) -> Predictor:
    """Return the predictor to ask about a model.

    Args:
        model: The loaded model.
        forced: A predictor file; if it was measured on another model, that is said on standard error.

    Raises:
        PredictorMismatchError: If none is forced and the shipped one was measured on another model.
        PredictorWidthError: If a forced predictor hears other text embeddings than the model makes.
        FileContentError: If the file holds no predictor.
    """
    path = forced or scenes.PREDICTOR
    predictor = Predictor.load(path)
    if predictor.model_digest == model.digest:
        return predictor
    if forced is None:
        raise PredictorMismatchError(model.config.model, model.digest, path.name, predictor.model_digest)
    width, expected = text_width(model.pipe), predictor.network.config.text_width
    if width != expected:
        raise PredictorWidthError(path, width, expected)
    click.echo(
        f"note: {path} was measured on model digest {predictor.model_digest[:12]} and is forced on "
        f"'{model.config.model}' ({model.digest[:12]}); its step counts are guesses there.",
        err=True,
    )
    return predictor
