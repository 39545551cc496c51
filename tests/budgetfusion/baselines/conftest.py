"""The embedded pipeline with small denoisers of random weights: every kind that a baseline must take apart."""

from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel

from budgetfusion.diffusion.pipeline import Model

_TWO_LEVELS = {
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": 4,
    "norm_num_groups": 4,
}
KINDS = {
    "plain": _TWO_LEVELS,
    "scale and shift, text in the timestep": _TWO_LEVELS
    | {"resnet_time_scale_shift": "scale_shift", "addition_embed_type": "text", "addition_embed_type_num_heads": 4},
    "like Stable Diffusion 2": {
        "block_out_channels": (16, 32, 32, 32),
        "layers_per_block": 2,
        "attention_head_dim": (2, 4, 4, 4),
        "norm_num_groups": 4,
        "use_linear_projection": True,
    },
}


@pytest.fixture
def with_unet(model: Model) -> Callable[[str], Any]:
    """Return the function that gives the embedded pipeline a random denoiser of one of `KINDS`, always the same."""

    def build(kind: str) -> Any:
        config = model.pipe.unet.config
        same = {name: config[name] for name in ("sample_size", "in_channels", "out_channels", "cross_attention_dim")}
        pipe = copy(model.pipe)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            pipe.unet = UNet2DConditionModel(**same, **KINDS[kind]).eval()
        return pipe

    return build


@pytest.fixture(params=KINDS)
def pipe(request: pytest.FixtureRequest, with_unet: Callable[[str], Any]) -> Any:
    """The embedded pipeline with a denoiser of each kind."""
    return with_unet(request.param)
