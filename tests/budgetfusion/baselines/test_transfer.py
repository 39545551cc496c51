"""The same steps with other schedulers."""

import numpy as np
import pytest

from budgetfusion.baselines.transfer import SCHEDULERS, transfer
from budgetfusion.diffusion.pipeline import Model, generate

pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")  # KDPM2 in diffusers with NumPy 2
CROWD = "a colorful park with a crowd"
ONCE = ("DDIM", "EULER", "EULER-ANCESTRAL", "UNIPC", "DPM++ 2M")


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_evaluations_are_counted(model: Model, scheduler: str) -> None:
    """A first-order or multistep solver asks once in each step, a second-order one twice in all but one."""
    made = transfer(model, scheduler, ["a red circle", "snow"], [0, 1], 6)

    assert made.evaluations == (6 if scheduler in ONCE else 11)
    assert made.pixels.shape == (2, model.height, model.width, 3)


def test_the_models_own_scheduler_makes_its_own_images(model: Model) -> None:
    """Euler is what the model is loaded with, and the model is left alone."""
    made = transfer(model, "EULER", ["snow"], [3], 5)
    before = model.pipe.scheduler
    transfer(model, "HEUN", ["snow"], [3], 5)

    assert model.pipe.scheduler is before
    assert (made.pixels == generate(model, ["snow"], [3], 5)).all()


def test_solvers_agree_where_steps_are_many(model: Model) -> None:
    """Those that add no noise on the way come to one image, and the one that does to another."""
    images = {name: transfer(model, name, [CROWD], [0], 60).pixels / 255 for name in SCHEDULERS}
    far = {name: float(np.abs(image - images["HEUN"]).mean()) for name, image in images.items()}

    assert far.pop("EULER-ANCESTRAL") > 0.05
    assert max(far.values()) < 0.02
