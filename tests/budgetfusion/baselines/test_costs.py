"""What the baselines cost is what they compute."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from budgetfusion.baselines.costs import patched_share, shallow_share
from budgetfusion.baselines.deepcache import DeepCache
from budgetfusion.baselines.matching import match
from budgetfusion.baselines.methods import NAMES, baseline
from budgetfusion.cost import count_flops
from budgetfusion.diffusion import architectures
from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.pipeline import Model


def counted(pipe: Any, num_steps: int) -> float:
    """Return the TFLOP that the engine really computes with a cache, with attention spelled out to be counted."""
    engine = Engine(pipe, reuse=DeepCache())
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        engine.run(["a red circle", "snow"], [num_steps] * 2)
    return counter.get_total_flops() / 1e12


def test_a_cache_costs_what_it_computes(model: Model) -> None:
    """The difference of five and eleven steps, counted in the engine, is that of the cost table."""
    costs = baseline(model, "DEEPCACHE", 11).costs

    assert counted(model.pipe, 11) - counted(model.pipe, 5) == pytest.approx(2 * (costs[10] - costs[4]), rel=1e-3)


def test_one_full_step_in_three_is_much_cheaper(pipe: Any, model: Model) -> None:
    """A shallow step is a part of a full one, and more of it with each branch."""
    shares = [shallow_share(pipe, model.height, model.width, DeepCache(3, branch)) for branch in (0, 1)]

    assert 0 < shares[0] < shares[1] < 1


def test_the_share_of_a_shallow_step_of_stable_diffusion() -> None:
    """For Stable Diffusion 2 at 768 pixels a tenth; the package's published times say about a seventh."""
    pipe = architectures.empty("sd2-768")

    assert shallow_share(pipe, 768, 768, DeepCache()) == pytest.approx(0.0943, abs=1e-4)


def test_patches_cost_a_little_more_together(pipe: Any, model: Model) -> None:
    """One device computes what there is; more of them repeat what the text and the timestep need."""
    shares = [patched_share(pipe, model.height, model.width, k) for k in (1, 2)]

    assert shares[0] == 1 < shares[1] < 1.2


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_meets_the_total_of_ours(model: Model, name: str, rng: np.random.Generator) -> None:
    """Forty budgets as OURS hands them out are met within 0.5 % by mixing two counts."""
    ours = rng.integers(5, 43, size=40)
    flops = count_flops(model.pipe, model.height, model.width)
    target = sum(flops.image(int(n)) for n in ours)
    found = match(baseline(model, name).costs, target, len(ours), rng)

    assert abs(found.deviation) <= 0.005
    assert np.ptp(found.num_steps) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_makes_its_images(model: Model, name: str) -> None:
    """Each makes an image of each prompt, in their order, the same in every call."""
    make = baseline(model, name, 9).make
    prompts, seeds, steps = ["a red circle", "snow", "a cat"], [0, 1, 0], [9, 8, 9]
    images = make(prompts, seeds, steps)

    assert images.shape == (3, model.height, model.width, 3)
    assert (make(prompts, seeds, steps) == images).all()
    np.testing.assert_allclose(make(prompts[1:], seeds[1:], steps[1:])[0], images[1], atol=1)


def test_counting_needs_no_memory(model: Model) -> None:
    """Counting leaves the device of new tensors as it was."""
    baseline(model, "DISTRIFUSION", 3)

    assert torch.empty(1).device.type == "cpu"
