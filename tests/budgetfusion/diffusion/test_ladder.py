"""The same prompts at several step counts."""

import numpy as np

from budgetfusion.diffusion.ladder import ladder
from budgetfusion.diffusion.pipeline import Model, generate

PROMPTS, SEEDS, STEPS = ["a red ball on a green field", "an empty white wall"], [0, 1], (1, 2, 5)


def test_a_rung_is_the_stock_pipelines_image(model: Model) -> None:
    """Within one of 256 levels, for each prompt and seed at each step count, in this order."""
    found = ladder(model, PROMPTS, SEEDS, STEPS, slots=3).pixels
    stock = np.stack([generate(model, PROMPTS, SEEDS, n) for n in STEPS], axis=1)

    assert found.shape == (2, 3, 64, 64, 3)
    assert np.abs(found.astype(int) - stock).max() <= 1


def test_what_is_made_with_it_changes_no_bit(model: Model) -> None:
    """Another order, other neighbours, one prompt alone: the same pixels and the same latents."""
    found = ladder(model, PROMPTS, SEEDS, STEPS, slots=3)
    other = ladder(model, PROMPTS[1:], SEEDS[1:], STEPS[::-1], slots=3)

    assert np.array_equal(found.pixels[1], other.pixels[0, ::-1])
    assert np.array_equal(found.latents[1], other.latents[0, ::-1])
