"""A whole model in one file, with the names that its authors' programs give the weights, and no hub."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion import architectures
from budgetfusion.diffusion.pipeline import generate, load
from budgetfusion.errors import ModelUnavailableError

_RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "emb_layers.1": "time_emb_proj",
    "skip_connection": "conv_shortcut",
}
_UNET = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "input_blocks.0.0": "conv_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
    "input_blocks.1.0": "down_blocks.0.resnets.0",
    "input_blocks.1.1": "down_blocks.0.attentions.0",
    "middle_block.0": "mid_block.resnets.0",
    "middle_block.1": "mid_block.attentions.0",
    "middle_block.2": "mid_block.resnets.1",
    **{f"output_blocks.{k}.0": f"up_blocks.0.resnets.{k}" for k in range(2)},
    **{f"output_blocks.{k}.1": f"up_blocks.0.attentions.{k}" for k in range(2)},
}
_VAE = {
    "mid.block_1": "mid_block.resnets.0",
    "mid.block_2": "mid_block.resnets.1",
    "mid.attn_1": "mid_block.attentions.0",
    "norm_out": "conv_norm_out",
    **{f"down.0.block.{k}": f"down_blocks.0.resnets.{k}" for k in range(1)},
    **{f"up.0.block.{k}": f"up_blocks.0.resnets.{k}" for k in range(2)},
    "norm": "group_norm",
    "q": "to_q",
    "k": "to_k",
    "v": "to_v",
    "proj_out": "to_out.0",
}
_TEXT = {
    "token_embedding": "embeddings.token_embedding",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_final": "final_layer_norm",
    "transformer.resblocks": "encoder.layers",
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
}


def renamed(state: dict[str, torch.Tensor], prefix: str, names: dict[str, str]) -> dict[str, torch.Tensor]:
    """Return weights under their authors' names."""
    found = {}
    for key, value in state.items():
        for theirs, ours in names.items():
            key = re.sub(rf"(^|\.){re.escape(ours)}(\.|$)", rf"\g<1>{theirs}\g<2>", key)
        found[prefix + key] = value.clone()
    return found


def together(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return a text encoder's weights with queries, keys and values in one tensor, as OpenCLIP has them."""
    parts = [f"self_attn.{name}_proj." for name in "qkv"]
    found = {key: value for key, value in state.items() if not any(part in key for part in parts)}
    for key in [key for key in state if parts[0] in key]:
        layer, kind = key.split(parts[0])
        found[f"{layer}attn.in_proj_{kind}"] = torch.cat([state[layer + part + kind] for part in parts])
    return found


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return Stable Diffusion 2 with few weights, in place of the real one; its vocabulary is the real one."""
    small = deepcopy(architectures.read("sd2-768"))
    small["unet"] |= {
        "block_out_channels": [32],
        "layers_per_block": 1,
        "down_block_types": ["CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D"],
        "attention_head_dim": [2],
        "cross_attention_dim": 16,
        "sample_size": 8,
    }
    small["vae"] |= {
        "block_out_channels": [32],
        "layers_per_block": 1,
        "down_block_types": ["DownEncoderBlock2D"],
        "up_block_types": ["UpDecoderBlock2D"],
    }
    small["text_encoders"][0] |= {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    monkeypatch.setattr(architectures, "read", lambda name: {"sd2-768": small}[name])
    return small


def test_a_file_of_stable_diffusion_2_is_read_without_the_hub(config: dict[str, Any], tmp_path: Path) -> None:
    """Every weight arrives where it belongs, v is predicted, and the folder around it is the same model's."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel.from_config(config["unet"])
    vae = AutoencoderKL.from_config(config["vae"])
    text = CLIPTextModel(CLIPTextConfig(**config["text_encoders"][0]))
    said = {key.removeprefix("text_model."): value for key, value in text.state_dict().items()}
    state = unet.state_dict()
    attentions = {key: state.pop(key) for key in list(state) if "attentions" in key}
    weights = renamed(attentions, "model.diffusion_model.", _UNET)
    weights |= renamed(state, "model.diffusion_model.", {**_UNET, **_RESNET})
    for half in ("encoder", "decoder"):
        names = {**_VAE, "nin_shortcut": "conv_shortcut"}
        weights |= renamed(getattr(vae, half).state_dict(), f"first_stage_model.{half}.", names)
    weights |= renamed(vae.quant_conv.state_dict(), "first_stage_model.quant_conv.", {})
    weights |= renamed(vae.post_quant_conv.state_dict(), "first_stage_model.post_quant_conv.", {})
    weights |= renamed(together(said), "cond_stage_model.model.", _TEXT)
    save_file(weights, tmp_path / "v2.safetensors")

    model = load(GenerationConfig(model=str(tmp_path / "v2.safetensors")), "cpu")

    for ours, theirs in ((unet, model.pipe.unet), (vae, model.pipe.vae), (text, model.pipe.text_encoder)):
        found = theirs.state_dict()
        assert all(torch.equal(value, found[key]) for key, value in ours.state_dict().items())
    assert model.pipe.scheduler.config.prediction_type == "v_prediction"
    assert generate(model, ["a photo of a cat"], [0], 2).shape == (1, 8, 8, 3)
    assert load(GenerationConfig(model=str(tmp_path)), "cpu").revision != model.revision


def test_a_file_without_all_weights_is_named(config: dict[str, Any], tmp_path: Path) -> None:
    """Nothing is made up for what is missing."""
    save_file({"cond_stage_model.model.ln_final.weight": torch.ones(16)}, tmp_path / "half.safetensors")

    (tmp_path / "torn.safetensors").write_bytes(b"torn")

    for name, reason in (("half", "weights are missing or misshapen"), ("torn", "")):
        with pytest.raises(ModelUnavailableError, match=rf"{name}\.safetensors' cannot be loaded: {reason}"):
            load(GenerationConfig(model=str(tmp_path / f"{name}.safetensors")), "cpu")


def test_the_vocabulary_is_clips() -> None:
    """The numbers are those of OpenAI's own tokenizer; padding differs between the models."""
    two = architectures.tokenizers(architectures.read("sd2-768"))["tokenizer"]
    first, second = architectures.tokenizers(architectures.read("sdxl-1024")).values()
    call = {"padding": "max_length", "max_length": 9}

    assert two("a photo of a cat", **call).input_ids == [49406, 320, 1125, 539, 320, 2368, 49407, 0, 0]
    assert first("a photo of a cat", **call).input_ids[-2:] == [49407, 49407]
    assert (second("a photo of a cat", **call).input_ids[-2:], len(two)) == ([0, 0], 49408)
