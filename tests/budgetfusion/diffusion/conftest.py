"""A Stable Diffusion of a few thousand weights: every part is real, and a step takes a millisecond."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from budgetfusion import scenes


def _build(**unet: Any) -> Any:
    """Return a pipeline with random weights, the same in every call; `unet` changes the denoiser's configuration."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tokenizer = CLIPTokenizer.from_pretrained(scenes.PIPELINE / "tokenizer")
        text = CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=tokenizer.model_max_length,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        parts = {
            "unet": UNet2DConditionModel(**(_UNET | unet)),
            "vae": AutoencoderKL(block_out_channels=(8, 8), norm_num_groups=4, **_VAE_BLOCKS),
            "text_encoder": CLIPTextModel(text),
        }
    pipe = StableDiffusionPipeline(
        **parts,
        tokenizer=tokenizer,
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing="linspace", steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


_UNET = {
    "sample_size": 8,
    "block_out_channels": (16,),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D",),
    "up_block_types": ("CrossAttnUpBlock2D",),
    "cross_attention_dim": 16,
    "attention_head_dim": 2,
    "norm_num_groups": 4,
}
_VAE_BLOCKS = {
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
}


@pytest.fixture
def build() -> Callable[..., Any]:
    """Return the function that builds such a pipeline, for a test that wants another denoiser or several."""
    return _build


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def pipe(request: pytest.FixtureRequest) -> Any:
    """A small pipeline of the test's own, on each device that there is: images of 16 x 16 pixels."""
    return _build().to(request.param)
