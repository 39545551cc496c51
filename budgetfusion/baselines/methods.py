"""The baselines of Table 2, each as what its images cost and how they are made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from budgetfusion.baselines import costs
from budgetfusion.baselines.costs import Costs
from budgetfusion.baselines.deepcache import DeepCache
from budgetfusion.baselines.distrifusion import with_patches
from budgetfusion.baselines.exchange import InProcess
from budgetfusion.baselines.layers import need_unet
from budgetfusion.baselines.samplers import SAMPLERS, with_sampler
from budgetfusion.diffusion.engine import SLOTS, Engine
from budgetfusion.diffusion.pictures import flops_of
from budgetfusion.diffusion.pipeline import Model, generate
from budgetfusion.diffusion.slots import Reuse

NAMES = (*SAMPLERS, "DEEPCACHE", "DISTRIFUSION")
"""What `baseline` takes."""

PATCHES = 2
"""Virtual devices of DistriFusion."""

_BATCH = 16

Pixels = NDArray[np.uint8]
Make = Callable[[Sequence[str], Sequence[int], Sequence[int]], Pixels]


@dataclass(frozen=True)
class Baseline:
    """One way to make images.

    Attributes:
        name: One of `NAMES`.
        costs: TFLOP of one image with 1, 2, ... steps, for `matching.match`.
        make: Takes prompts, seeds and steps, one of each for an image; returns RGB pixels, shape (images, height,
            width, 3), 0..255.
    """

    name: str
    costs: Costs
    make: Make


def baseline(model: Model, name: str, most: int = 129, slots: int = SLOTS) -> Baseline:
    """Return a baseline of a model.

    Args:
        model: The loaded model.
        name: One of `NAMES`.
        most: The largest step count that it may be asked for.
        slots: Images in each batch of the engine.

    Raises:
        DenoiserUnsupportedError: If it takes the UNet apart and does not know a part, or there is no UNet.
    """
    need_unet(model.pipe, name)
    flops = flops_of(model)
    if name in SAMPLERS:
        other = replace(model, pipe=with_sampler(model.pipe, name))
        return Baseline(name, costs.sampled(flops, other.pipe.scheduler, most), partial(in_slots, other, slots))
    if name == "DEEPCACHE":
        cache = DeepCache()
        shallow = costs.shallow_share(model.pipe, model.height, model.width, cache)
        return Baseline(name, costs.cached(flops, shallow, cache, most), partial(in_slots, model, slots, reuse=cache))
    share = costs.patched_share(model.pipe, model.height, model.width, PATCHES)
    return Baseline(name, costs.patched(flops, share, most), partial(_in_patches, model))


def in_slots(
    model: Model,
    slots: int,
    prompts: Sequence[str],
    seeds: Sequence[int],
    steps: Sequence[int],
    *,
    reuse: Reuse | None = None,
    share: bool = False,
) -> Pixels:
    """Make images in batches that never change their size, so that none depends on what is made with it.

    Args:
        model: With the sampler that it shall have.
        slots: Images in each batch.
        prompts: One for each image.
        seeds: One for each image.
        steps: One for each image.
        reuse: See `Engine`.
        share: See `Engine`.

    Returns:
        RGB pixels, shape (images, height, width, 3), 0..255.
    """
    engine = Engine(
        model.pipe, slots=slots, static=True, share=share, width=model.width, height=model.height, reuse=reuse
    )
    pictures = engine.run(prompts, steps, seeds=seeds, guidance_scale=model.config.guidance_scale)
    return np.stack([picture.pixels for picture in pictures])


def _in_patches(model: Model, prompts: Sequence[str], seeds: Sequence[int], steps: Sequence[int]) -> Pixels:
    """Make images of equal steps together: all of a batch warm up at the same time."""
    other = replace(model, pipe=with_patches(model.pipe, InProcess(PATCHES)))
    made: dict[int, Pixels] = {}
    for num_steps in sorted(set(steps)):
        places = [k for k, n in enumerate(steps) if n == num_steps]
        for start in range(0, len(places), _BATCH):
            batch = places[start : start + _BATCH]
            other.pipe.unet.begin()
            images = generate(other, [prompts[k] for k in batch], [seeds[k] for k in batch], num_steps)
            made |= dict(zip(batch, images, strict=True))
    return np.stack([made[k] for k in range(len(steps))])
