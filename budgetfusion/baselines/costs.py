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


def sampled(flops: FlopCount, scheduler: Any, most: int) -> Costs:
    """Return what a sampler costs: its own number of steps, which may not be the one asked for, each a full one.

    Args:
        flops: What one step costs, `cost.count_flops`.
        scheduler: One that the engine takes.
        most: The largest step count.
    """
    return np.array([flops.image(schedule(scheduler, n).num_steps) for n in range(1, most + 1)])


def cached(flops: FlopCount, shallow: float, cache: DeepCache, most: int) -> Costs:
    """Return what DeepCache costs: full steps, and shallow ones between them.

    Args:
        flops: See `sampled`.
        shallow: What a shallow step costs, of a full one (`shallow_share`).
        cache: Which steps are full.
        most: See `sampled`.
    """
    full = [cache.full_steps(n) for n in range(1, most + 1)]
    return np.array([flops.image(0) + (f + shallow * (n - f)) * flops.step for n, f in enumerate(full, start=1)])


def patched(flops: FlopCount, patches: float, most: int) -> Costs:
    """Return what DistriFusion costs on all devices together.

    Args:
        flops: See `sampled`.
        patches: What a step costs, of one on a single device (`patched_share`).
        most: See `sampled`.
    """
    return np.array([flops.image(0) + n * patches * flops.step for n in range(1, most + 1)])


def shallow_share(pipe: Any, height: int, width: int, cache: DeepCache) -> float:
    """Return the operations of a shallow step over those of a full one.

    Args:
        pipe: A diffusers pipeline, or `architectures.empty`.
        height: Of the image, pixels.
        width: Of the image, pixels.
        cache: Interval and branch.
    """
    scale = pipe.vae_scale_factor
    kept = cache.shape(pipe.unet, (pipe.unet.config.in_channels, height // scale, width // scale))

    def shallow(twin: Any) -> Any:
        return cache.denoiser(twin, torch.empty(1, *kept), is_full=False)

    return _share(pipe, height, width, shallow)


def patched_share(pipe: Any, height: int, width: int, patches: int) -> float:
    """Return the operations of all devices over those of one that computes the whole image.

    A little more than 1: each device asks for the keys and values of the text, and for the timestep.

    Args:
        pipe: See `shallow_share`.
        height: Of the image, pixels.
        width: Of the image, pixels.
        patches: Devices.
    """
    return _share(pipe, height, width, lambda twin: PatchParallel(twin, InProcess(patches)))


@torch.no_grad()
def _share(pipe: Any, height: int, width: int, change: Callable[[Any], Any]) -> float:
    """Count a changed UNet and the UNet on the meta device, where nothing is computed and attention is not fused."""
    scale, config = pipe.vae_scale_factor, pipe.unet.config
    with torch.device("meta"):
        twin = type(pipe.unet).from_config(config)
        x, t = torch.empty(1, config.in_channels, height // scale, width // scale), torch.zeros(1)
        text = torch.empty(1, pipe.tokenizer.model_max_length, config.cross_attention_dim)
        counts = []
        for denoise in (change(twin), twin):
            with FlopCounterMode(display=False) as counter:
                denoise(x, t, encoder_hidden_states=text, return_dict=False)
            counts.append(counter.get_total_flops())
    return float(counts[0] / counts[1])
