"""Parity: the engine's images equal those of diffusers' own loop over prompts in every bit, on a CPU and for Euler.

Four things make the last bits differ, and each is taken away. The sum of a step is computed in diffusers' order. The
convolutions of oneDNN and NNPACK depend on how many rows share a batch; PyTorch's own do not. And a product with few
rows, as those of the timestep and of a pooled text have, depends on their number; it is computed for one image at a
time. The decoder, too, takes one image after the other.
"""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler
from torch import nn

from budgetfusion.diffusion.arithmetic import Arithmetic, broad
from budgetfusion.diffusion.errors import SchedulerUnsupportedError
from budgetfusion.diffusion.samplers import Schedule, schedule


@contextmanager
def kernels() -> Iterator[None]:
    """Use kernels whose results do not depend on the size of the batch; diffusers' loop must run inside, too."""
    flags = ExitStack()
    try:
        with _no_warnings():
            flags.enter_context(torch.backends.mkldnn.flags(enabled=False))
            flags.enter_context(torch.backends.nnpack.flags(enabled=False))
        yield
    finally:
        with _no_warnings():
            flags.close()


@contextmanager
def image_by_image(unet: nn.Module, rows: int) -> Iterator[None]:
    """Compute a UNet's products of one vector for each row, of the timestep and the pooled text, image by image.

    Args:
        unet: The denoiser.
        rows: Of one image.
    """
    linears = [module for module in unet.modules() if isinstance(module, nn.Linear)]
    hooks = [linear.register_forward_hook(partial(_vectors, rows)) for linear in linears]
    if (pooling := getattr(unet, "add_embedding", None)) is not None:
        hooks.append(pooling.register_forward_hook(partial(_image_by_image, rows)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def euler_schedule(scheduler: Any, num_steps: int) -> Schedule:
    """Return a schedule whose numbers are those of `arithmetic(...)`: timestep, sigma and the sigma after it.

    Raises:
        SchedulerUnsupportedError: If the scheduler is not Euler's, or predicts neither noise nor v.
    """
    name, config = type(scheduler).__name__, scheduler.config
    prediction = config.get("prediction_type", "epsilon")
    if type(scheduler) is not EulerDiscreteScheduler or prediction not in ("epsilon", "v_prediction"):
        raise SchedulerUnsupportedError(name, "parity with diffusers is written for Euler, of noise or v, alone")
    own: Any = EulerDiscreteScheduler.from_config(config)
    own.set_timesteps(num_steps)
    sigmas, none = own.sigmas.double().numpy(), np.zeros(len(own.timesteps))
    table = np.stack([own.timesteps.double().numpy(), sigmas[:-1], sigmas[1:], none, none], axis=1)
    return Schedule(table, schedule(scheduler, num_steps).noise_scale)


def arithmetic(scheduler: Any) -> Arithmetic:
    """Return the arithmetic of diffusers' EulerDiscreteScheduler, operation by operation."""
    is_v = scheduler.config.get("prediction_type", "epsilon") == "v_prediction"
    return Arithmetic((0.0, 1.0, 1.0, 0.0, 0.0), _scaled, partial(_stride, is_v))


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Do not hear what PyTorch says of Intel's GPUs when any flag of oneDNN is set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _vectors(rows: int, linear: nn.Linear, inputs: tuple[torch.Tensor], found: torch.Tensor) -> torch.Tensor:
    return found if inputs[0].dim() != 2 else _image_by_image(rows, linear, inputs, found)


def _image_by_image(rows: int, module: nn.Module, inputs: tuple[torch.Tensor], found: torch.Tensor) -> torch.Tensor:
    x = inputs[0]
    return found if len(x) == rows else torch.cat([module.forward(part) for part in x.split(rows)])


def _scaled(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    return x / ((broad(step[:, 1]) ** 2 + 1) ** 0.5)


def _stride(is_v: bool, x: torch.Tensor, output: torch.Tensor, step: torch.Tensor, noise: torch.Tensor | None) -> None:
    sigma, following = broad(step[:, 1]), broad(step[:, 2])
    slope = -sigma / (sigma**2 + 1) ** 0.5
    original = output * slope + x / (sigma**2 + 1) if is_v else x - sigma * output
    x.add_((x - original) / sigma * (following - sigma))
