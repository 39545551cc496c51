"""Small pipelines of every kind: each part is real, its weights are random, and a step takes a few milliseconds."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from budgetfusion import scenes

_EULER = {"beta_schedule": "scaled_linear", "timestep_spacing": "linspace", "steps_offset": 1}
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
_TRANSFORMER = {"num_layers": 1, "attention_head_dim": 8, "num_attention_heads": 2, "joint_attention_dim": 32}


def _tokenizer() -> Any:
    return CLIPTokenizer.from_pretrained(scenes.PIPELINE / "tokenizer")


def _clip(kind: Any = CLIPTextModel, **more: Any) -> Any:
    tokenizer = _tokenizer()
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=more.pop("num_hidden_layers", 1),
        num_attention_heads=2,
        max_position_embeddings=tokenizer.model_max_length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        projection_dim=16,
        **more,
    )
    return kind(text)


def _t5() -> dict[str, Any]:
    """Return a T5 of three words beside its marks."""
    words = ["<pad>", "</s>", "<unk>", "▁a", "▁red", "▁ball"]
    tokenizer = T5Tokenizer(vocab=[(word, 0.0) for word in words], extra_ids=0)
    config = T5Config(vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    return {"tokenizer": tokenizer, "text_encoder": T5EncoderModel(config).eval()}


def _vae(channels: int = 4, **more: Any) -> Any:
    return AutoencoderKL(
        block_out_channels=(8, 8),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=channels,
        **more,
    )


def _sd(**unet: Any) -> Any:
    return StableDiffusionPipeline(
        unet=UNet2DConditionModel(**(_UNET | unet)),
        vae=_vae(),
        text_encoder=_clip(),
        tokenizer=_tokenizer(),
        scheduler=EulerDiscreteScheduler(**_EULER),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _sdxl(**unet: Any) -> Any:
    more = {"addition_embed_type": "text_time", "addition_time_embed_dim": 8}
    more |= {"projection_class_embeddings_input_dim": 16 + 6 * 8, "cross_attention_dim": 32}
    return StableDiffusionXLPipeline(
        unet=UNet2DConditionModel(**(_UNET | more | unet)),
        vae=_vae(),
        text_encoder=_clip(num_hidden_layers=2),
        tokenizer=_tokenizer(),
        text_encoder_2=_clip(CLIPTextModelWithProjection, num_hidden_layers=2),
        tokenizer_2=_tokenizer(),
        scheduler=EulerDiscreteScheduler(**(_EULER | {"timestep_spacing": "leading"})),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )


def _sd3(**transformer: Any) -> Any:
    own = {"sample_size": 8, "patch_size": 2, "in_channels": 8, "out_channels": 8, "caption_projection_dim": 16}
    own |= {"pooled_projection_dim": 32, "pos_embed_max_size": 8}
    t5 = _t5()
    return StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(**(_TRANSFORMER | own | transformer)),
        vae=_vae(8, shift_factor=0.06),
        text_encoder=_clip(CLIPTextModelWithProjection, num_hidden_layers=2),
        tokenizer=_tokenizer(),
        text_encoder_2=_clip(CLIPTextModelWithProjection, num_hidden_layers=2),
        tokenizer_2=_tokenizer(),
        text_encoder_3=t5["text_encoder"],
        tokenizer_3=t5["tokenizer"],
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


def _flux(**transformer: Any) -> Any:
    own = {"in_channels": 16, "num_single_layers": 1, "pooled_projection_dim": 16, "guidance_embeds": True}
    own |= {"axes_dims_rope": (2, 2, 4), "patch_size": 1}
    t5 = _t5()
    return FluxPipeline(
        transformer=FluxTransformer2DModel(**(_TRANSFORMER | own | transformer)),
        vae=_vae(4, shift_factor=0.1),
        text_encoder=_clip(),
        tokenizer=_tokenizer(),
        text_encoder_2=t5["text_encoder"],
        tokenizer_2=t5["tokenizer"],
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
    )


_BUILD: dict[str, Callable[..., Any]] = {"sd": _sd, "sdxl": _sdxl, "sd3": _sd3, "flux": _flux}


def _build(kind: str = "sd", **denoiser: Any) -> Any:
    """Return a pipeline with random weights, the same in every call; `denoiser` changes its configuration."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipe = _BUILD[kind](**denoiser)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture
def build() -> Callable[..., Any]:
    """Return the function that builds such a pipeline, for a test that wants another denoiser or several."""
    return _build


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the function that gives the folder of a small model of each kind, in diffusers' format."""

    @cache
    def folder(kind: str) -> Path:
        out = tmp_path_factory.mktemp(kind)
        _build(kind).save_pretrained(out)
        return out

    return folder


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def pipe(request: pytest.FixtureRequest) -> Any:
    """A small pipeline of the test's own, on each device that there is: images of 16 x 16 pixels."""
    return _build().to(request.param)
