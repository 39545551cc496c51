"""What one image of a model costs at each step count: the rows of the cost table."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from budgetfusion import meters
from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.pictures import flops_of
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.steps import KNOTS


def costs(model: Model, prompt: str, steps: Sequence[int] = KNOTS, *, calls: int = 3) -> list[dict[str, Any]]:
    """Count the operations of one image alone, and measure its seconds and, where there is a meter, its joules.

    Args:
        model: The loaded model.
        prompt: What the image shows; any other costs the same.
        steps: Step counts.
        calls: Measured calls for each, after one that is not.

    Returns:
        Rows of the cost table, `measurements.COST`.
    """
    guidance = model.config.guidance_scale
    flops = flops_of(model)
    engine = Engine(model.pipe, slots=1, width=model.width, height=model.height)
    rows = []
    for num_steps in steps:
        make = partial(engine.run, [prompt], [num_steps], guidance_scale=guidance)
        reading = meters.measure(make, model.device, calls=calls)
        rows.append(
            {
                "config_digest": model.digest,
                "num_steps": num_steps,
                "tflop": flops.image(num_steps),
                "tflop_attention": num_steps * flops.step_attention,
                "seconds": reading.seconds,
                "joules": reading.joules,
                "hardware": meters.hardware(model.device),
            }
        )
    return rows
