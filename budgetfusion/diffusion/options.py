"""Options that several commands have: which model, where it runs, and lists of numbers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from budgetfusion.diffusion.pipeline import Model


class Integers(click.ParamType[tuple[int, ...]]):
    """A list of whole numbers, such as 0,1,2,3."""

    name = "integers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Turn the text into numbers, or say what is wrong."""
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"found '{value}', expected whole numbers with commas between, such as 0,1,2,3", param, ctx)


def model_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; `load_model` takes what they hold."""
    options = [
        click.option(
            "--model",
            default="scenes",
            show_default=True,
            help="A name (scenes, sd2, sdxl, sd3.5, flux), a folder, a file, or a hub id.",
        ),
        click.option("--revision", help="Revision of a hub model."),
        click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N."),
        click.option(
            "--guidance",
            type=click.FloatRange(0),
            default=7.5,
            show_default=True,
            help="Classifier-free guidance scale.",
        ),
        click.option("--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32"),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def load_model(
    model: str, revision: str | None, device: str, guidance: float, dtype: Any, *, text_only: bool = False
) -> "Model":
    """Load the model that the options name; see `pipeline.load`."""
    from budgetfusion.config import GenerationConfig
    from budgetfusion.diffusion import pipeline

    config = GenerationConfig(model=model, revision=revision, guidance_scale=guidance, dtype=dtype)
    return pipeline.load(config, device, text_only=text_only)
