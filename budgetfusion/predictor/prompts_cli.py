"""`budgetfusion prompts`."""

from pathlib import Path
from typing import Any

import click

from budgetfusion.diffusion.options import load_model, model_options
from budgetfusion.dissimilar import THRESHOLD


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="One kept prompt on each line.")
@click.option("--threshold", type=click.FloatRange(-1, 1, min_open=True), default=THRESHOLD, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the order of visits.")
@model_options
def prompts(source: Path, out: Path, threshold: float, seed: int, **options: Any) -> None:
    """Keep the prompts of SOURCE that are unlike each other."""
    from budgetfusion.diffusion.text import encode_text
    from budgetfusion.dissimilar import keep_dissimilar
    from budgetfusion.files import write_text
    from budgetfusion.progress import bar
    from budgetfusion.prompts import read_prompts

    every = read_prompts(source)
    model = load_model(**options, text_only=True)
    encode = lambda texts: encode_text(model.pipe, texts)  # noqa: E731
    with bar("filtering", len(every)) as advance:
        kept = keep_dissimilar(every, encode, threshold=threshold, seed=seed, progress=advance)
    write_text(out, "".join(f"{prompt}\n" for prompt in kept.prompts))
    click.echo(
        f"Prompts: {out} ({len(kept.prompts)} of {kept.visited} kept: cosine below {threshold:g} by the text encoder "
        f"of {model.config.model}, {model.revision}, visited in the order of seed {seed})"
    )
