"""`budgetfusion predict`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from budgetfusion.diffusion.options import load_model, model_options

if TYPE_CHECKING:
    from budgetfusion.plateau import Suggestion


def _drawable(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    if path and path.suffix not in (".svg", ".pdf", ".png"):
        raise click.BadParameter(f"found '{path.name}', expected a name that ends with .svg, .pdf or .png")
    return path


@click.command()
@click.argument("prompt")
@model_options
@click.option("--predictor", type=click.Path(path_type=Path), help="A predictor; forces it on any model.")
@click.option(
    "--plot", type=click.Path(path_type=Path), callback=_drawable, help="Draw the predicted curves (SVG, PDF or PNG)."
)
@click.option("--quantile", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Cover so many images.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def predict(
    prompt: str, predictor: Path | None, plot: Path | None, quantile: float | None, as_json: bool, **options: Any
) -> None:
    """Predict how many denoising steps PROMPT deserves, and say which metric asks for them."""
    from budgetfusion.diffusion.text import encode_text
    from budgetfusion.predictor import plot as drawing
    from budgetfusion.predictor.shipped import predictor_for

    loaded = load_model(**options, text_only=True)
    warn_unknown(loaded.config.model, [prompt])
    warn_cut(loaded.pipe, [prompt])
    chosen = predictor_for(loaded, predictor)
    text = encode_text(loaded.pipe, [prompt])
    curves, suggestion = chosen.predict(text)[0], chosen.suggest(text, quantile)[0]
    if as_json:
        click.echo(json.dumps(_record(prompt, suggestion, chosen.digest, loaded.digest)))
    else:
        _say(suggestion)
        drawing.draw_terminal(curves, suggestion)
    if plot:
        drawing.draw_file(plot, prompt, curves, suggestion)
        click.echo(f"Plot: {plot}", err=as_json)


def warn_unknown(model: str, prompts: list[str]) -> None:
    """Say on standard error which words of the prompts the embedded model never saw."""
    from budgetfusion.scenes.grammar import COLOURS, PREPOSITIONS, SHAPES
    from budgetfusion.scenes.sentences import unknown_words

    if model != "scenes":
        return
    words = list(dict.fromkeys(word for prompt in prompts for word in unknown_words(prompt)))
    if words:
        click.echo(
            f"note: the embedded model never saw the word(s) {', '.join(words)}; it will draw something else. "
            f"It knows {len(SHAPES)} shapes, {len(COLOURS)} colours and {len(PREPOSITIONS)} backgrounds, as in "
            "'a red ball on a green field'.",
            err=True,
        )


def warn_cut(pipe: Any, prompts: list[str]) -> None:
    """Say on standard error how many prompts are longer than the text encoder takes."""
    from budgetfusion.diffusion.text import too_long

    if long := too_long(pipe, prompts):
        most = pipe.tokenizer.model_max_length
        who = "predictor (not the model's T5)" if hasattr(pipe, "transformer") else "model"
        click.echo(
            f"note: {len(long)} prompt(s) have more than {most} tokens; the {who} hears only the beginning. "
            f"The first is '{long[0][:60]}…'.",
            err=True,
        )


def _say(suggestion: "Suggestion") -> None:
    click.echo(f"t* = {suggestion.num_steps} denoising steps, bound by {suggestion.bound_by} ({suggestion.status})")
    parts = [f"{name} {plateau.num_steps}" for name, plateau in suggestion.plateaus.items()]
    click.echo("plateau of each metric: " + ", ".join(parts))


def _record(prompt: str, suggestion: "Suggestion", predictor: str, model: str) -> dict[str, object]:
    return {
        "prompt": prompt,
        "num_steps": suggestion.num_steps,
        "bound_by": suggestion.bound_by,
        "status": suggestion.status,
        "plateaus": {name: plateau.num_steps for name, plateau in suggestion.plateaus.items()},
        "predictor_digest": predictor,
        "model_digest": model,
    }
