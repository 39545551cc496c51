"""DistriFusion: one image on several devices, each with a patch of it and a picture of the others one step old.

The first steps wait for what the other devices compute. Later ones take it from the step before, while the new values
travel: the rows next to a patch in each convolution, keys and values in self-attention, and the moments of the group
norms, which are corrected by how the patch's own have changed. The predictions are gathered in every step, so latents
are never old. It divides the work among devices and saves none of it.

Source:
    Li et al., arXiv:2402.19481, sections 4.1 and 4.2 ("corrected asynchronous group norm").
"""

from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import Attention
from torch import nn

from budgetfusion.baselines import layers
from budgetfusion.baselines.errors import DenoiserUnsupportedError, PatchesUnevenError
from budgetfusion.baselines.exchange import Displaced, Exchange

WARM_UP = 4
"""Steps that wait for the other devices, as in the authors' code."""


def with_patches(pipe: Any, exchange: Exchange, warm_up: int = WARM_UP) -> Any:
    """Return a pipeline that shares all weights and computes patches; call `begin` of its UNet before each call of it.

    Args:
        pipe: A diffusers pipeline like StableDiffusionPipeline.
        exchange: How many patches there are, and which of them are computed here.
        warm_up: Evaluations that wait for the other devices, at least 1.
    """
    other = copy(pipe)
    other.unet = PatchParallel(pipe.unet, exchange, warm_up)
    return other


class PatchParallel(nn.Module):
    """A UNet that computes rows of patches; it takes whole latents and returns whole predictions.

    Args:
        unet: A diffusers UNet of Stable Diffusion's blocks; it is left alone, and its weights are shared.
        exchange: See `with_patches`.
        warm_up: See `with_patches`.

    Raises:
        DenoiserUnsupportedError: If the UNet has other blocks, or pads on one side only.
    """

    def __init__(self, unet: Any, exchange: Exchange, warm_up: int = WARM_UP) -> None:
        super().__init__()
        if unet.config.downsample_padding != 1:
            raise DenoiserUnsupportedError("DistriFusion", f"downsample_padding {unet.config.downsample_padding}", "1")
        layers.check(unet, "DistriFusion", 0, 0)
        self.config, self._exchange, self._warm_up = unet.config, exchange, warm_up
        self._rows = exchange.patches * 2**unet.num_upsamplers
        self._evaluations = 0
        self._unet = _patched(unet, exchange, lambda: self._evaluations <= self._warm_up)

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self._unet.device  # type: ignore[no-any-return]

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return self._unet.dtype  # type: ignore[no-any-return]

    def begin(self) -> None:
        """Warm up again, for other images; the first evaluation replaces all that was kept."""
        self._evaluations = 0

    def forward(
        self, sample: torch.Tensor, timestep: torch.Tensor, encoder_hidden_states: torch.Tensor, **others: Any
    ) -> tuple[torch.Tensor]:
        """Return the prediction for latents (rows, channels, height, width), alone in a tuple.

        Raises:
            PatchesUnevenError: If the height cannot be divided at every resolution.
        """
        if sample.shape[2] % self._rows:
            raise PatchesUnevenError(self._exchange.patches, sample.shape[2], self._rows)
        self._evaluations += 1
        first, held = self._exchange.first, self._exchange.held
        patches = sample.unflatten(2, (self._exchange.patches, -1)).movedim(2, 0)[first : first + held]
        times = torch.as_tensor(timestep, device=sample.device).expand(len(sample)).repeat(held)
        texts = encoder_hidden_states.repeat(held, 1, 1)
        predicted = self._unet(patches.flatten(0, 1), times, texts, **others | {"return_dict": False})[0]
        every = self._exchange.gather(predicted.unflatten(0, (held, -1)))()
        return (every.movedim(0, 2).flatten(2, 3),)


class _Conv(nn.Module):
    """A convolution over patches, with the rows beyond their edges from their neighbours."""

    def __init__(self, conv: nn.Conv2d, others: Displaced) -> None:
        super().__init__()
        self._conv, self._others, self._reach = conv, others, int(conv.padding[0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take and return shape (patches held here x rows, channels, h, w)."""
        exchange, reach, conv = self._others.exchange, self._reach, self._conv
        own = x.unflatten(0, (exchange.held, -1))
        edges = torch.cat([own[..., :reach, :], own[..., -reach:, :]], dim=-2)
        every = F.pad(self._others.of_all(edges).movedim(0, -1), (1, 1)).movedim(-1, 0)  # no neighbour: zeros
        around = [every[exchange.first + k : exchange.first + k + 3] for k in range(exchange.held)]
        above = torch.stack([before[..., reach:, :] for before, _, _ in around])
        below = torch.stack([after[..., :reach, :] for _, _, after in around])
        padded = torch.cat([above, own, below], dim=-2).flatten(0, 1)
        return F.conv2d(padded, conv.weight, conv.bias, conv.stride, (0, int(conv.padding[1])), groups=conv.groups)


class _GroupNorm(nn.Module):
    """A group norm over all patches, by old moments of all and the change of the patch's own."""

    def __init__(self, norm: nn.GroupNorm, others: Displaced) -> None:
        super().__init__()
        self._norm, self._others = norm, others

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take and return shape (patches held here x rows, channels, h, w)."""
        exchange, norm = self._others.exchange, self._norm
        grouped = x.float().unflatten(1, (norm.num_groups, -1)).flatten(2)
        own = torch.stack([grouped.mean(-1), grouped.square().mean(-1)]).unflatten(1, (exchange.held, -1)).movedim(1, 0)
        every = self._others.of_all(own)  # (patches, 2, rows, groups)
        mine = every[exchange.first : exchange.first + exchange.held]
        mean, square = (every.mean(0) + (own - mine)).unbind(1)
        variance = square - mean.square()
        variance = torch.where(variance < 0, own[:, 1] - own[:, 0].square(), variance)  # a correction may overshoot
        scale = (variance + norm.eps).rsqrt().flatten(0, 1)[..., None]
        normed = ((grouped - mean.flatten(0, 1)[..., None]) * scale).view_as(x).to(x.dtype)
        found: torch.Tensor = normed * norm.weight[:, None, None] + norm.bias[:, None, None]
        return found


class _KeysOrValues(nn.Module):
    """A projection for self-attention whose output is that of all patches."""

    def __init__(self, project: nn.Module, others: Displaced) -> None:
        super().__init__()
        self._project, self._others = project, others

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take shape (patches held here x rows, positions, width) and return it with the positions of all patches."""
        own = self._project(x).unflatten(0, (self._others.exchange.held, -1))
        return self._others.seen_by_each(own).movedim(1, 2).flatten(2, 3).flatten(0, 1)


def _patched(unet: Any, exchange: Exchange, is_fresh: Callable[[], bool]) -> Any:
    """Return a UNet of the same weights whose layers look across the edges of patches."""
    twin = deepcopy(unet, {id(tensor): tensor for tensor in [*unet.parameters(), *unet.buffers()]})
    for name, layer in list(twin.named_modules()):
        if isinstance(layer, Attention) and not layer.is_cross_attention:
            for part in ("to_k", "to_v"):
                setattr(layer, part, _KeysOrValues(getattr(layer, part), Displaced(exchange, is_fresh)))
        elif isinstance(layer, nn.Conv2d) and layer.kernel_size != (1, 1):
            never_old = (lambda: True) if name == "conv_in" else is_fresh  # each device has all latents
            twin.set_submodule(name, _Conv(layer, Displaced(exchange, never_old)))
        elif isinstance(layer, nn.GroupNorm):
            twin.set_submodule(name, _GroupNorm(layer, Displaced(exchange, is_fresh)))
    return twin
