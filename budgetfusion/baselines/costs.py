"""What a baseline's images cost, counted by operator as OURS' are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

from budgetfusion.baselines.deepcache import DeepCache
from budgetfusion.baselines.distrifusion import PatchParallel
from budgetfusion.baselines.exchange import InProcess
from budgetfusion.cost import FlopCount
from budgetfusion.diffusion.samplers import schedule

Costs = NDArray[np.float64]
"""TFLOP of one image with 1, 2, ... steps, text and decoding included, shape (steps,)."""


def stock(flops: FlopCount, scheduler: Any, most: int) -> Costs:
    """Return what a sampler costs: its own number of steps, which may not be the one asked for, each a full one.

    Args:
        flops: What one step costs, `cost.count_flops`.
        scheduler: One that the engine takes.
        most: The largest step count.
    """
    return np.array([flops.image(schedule(scheduler, n).num_steps) for n in range(1, most + 1)])


def cached(flops: FlopCount, unet: Any, height: int, width: int, cache: DeepCache, most: int) -> Costs:
    """Return what DeepCache costs: full steps, and shallow ones between them.

    Args:
        flops: See `stock`.
        unet: The denoiser.
        height: Of the latents.
        width: Of the latents.
        cache: Interval and branch.
        most: See `stock`.
    """
    share = shallow_share(unet, height, width, cache)
    num_steps = np.arange(1, most + 1)
    full = np.array([cache.full_steps(n) for n in num_steps])
    found: Costs = (full + share * (num_steps - full)) * flops.step + flops.image(0)
    return found


def patched(flops: FlopCount, unet: Any, height: int, width: int, patches: int, most: int) -> Costs:
    """Return what DistriFusion costs on all devices together: a little more than the plain UNet.

    Each device asks for its own keys and values of the text, and for the timestep.

    Args:
        flops: See `stock`.
        unet: The denoiser.
        height: Of the latents.
        width: Of the latents.
        patches: Devices.
        most: See `stock`.
    """
    share = patched_share(unet, height, width, patches)
    found: Costs = np.arange(1, most + 1) * share * flops.step + flops.image(0)
    return found


def shallow_share(unet: Any, height: int, width: int, cache: DeepCache) -> float:
    """Return the operations of a shallow step over those of a full one."""
    kept = cache.shape(unet, (unet.config.in_channels, height, width))

    def shallow(twin: Any) -> Any:
        return cache.denoiser(twin, torch.empty(1, *kept), is_full=False)

    return _share(unet, height, width, shallow)


def patched_share(unet: Any, height: int, width: int, patches: int) -> float:
    """Return the operations of all devices over those of one that computes the whole image."""
    return _share(unet, height, width, lambda twin: PatchParallel(twin, InProcess(patches)))


@torch.no_grad()
def _share(unet: Any, height: int, width: int, change: Callable[[Any], Any]) -> float:
    """Count a changed UNet and the UNet on the meta device, where nothing is computed and attention is not fused."""
    with torch.device("meta"):
        twin = type(unet).from_config(unet.config)
        x, t = torch.empty(1, unet.config.in_channels, height, width), torch.zeros(1)
        text = torch.empty(1, 77, unet.config.cross_attention_dim)
        counts = []
        for denoise in (change(twin), twin):
            with FlopCounterMode(display=False) as counter:
                denoise(x, t, encoder_hidden_states=text, return_dict=False)
            counts.append(counter.get_total_flops())
    return float(counts[0] / counts[1])
