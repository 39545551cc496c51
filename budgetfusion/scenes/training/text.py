"""Stage `text`: the text encoder first learns to say what stands where, for the denoiser hears only through it.

A contrastive CLIP hears colours and places better than shapes. A map of the scene asks for all of them, costs no
picture, and teaches in minutes what the denoiser alone would take hours to ask for.
"""

import json
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from budgetfusion.scenes.captions import scenes
from budgetfusion.scenes.draw import arrange
from budgetfusion.scenes.training.attention import attention_for, plain_attention
from budgetfusion.scenes.training.batches import SceneBatches
from budgetfusion.scenes.training.folder import Figures, TrainingFolder
from budgetfusion.scenes.training.maps import MapReader, Maps, draw_maps, maps_loss
from budgetfusion.scenes.training.settings import Settings, TextSettings
from budgetfusion.scenes.training.tokenizer import tokens_of
from budgetfusion.scenes.training.trainer import Trainer, fit

_HELD_OUT_SEED = 98
_STRATA = 6


def train_text(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    """Train the text encoder, together with a reader of maps that is thrown away.

    Returns:
        On scenes of held-out compositions: the shares of the occupied cells whose shape and colour are right, and of
        scenes whose background is.
    """
    tokenizer = CLIPTokenizer.from_pretrained(folder.result("tokenizer"))
    encoder = build_text_encoder(settings.text, tokenizer, device)
    trainer = Trainer(settings.text.schedule, {"text": encoder, "reader": MapReader(settings.text).to(device)})
    checkpoint = folder.checkpoint("text")
    trainer.resume(checkpoint, device)

    def loss_of_step() -> Tensor:
        drawn = trainer.scenes.arranged(settings.text.schedule.batch)
        tokens = tokens_of(tokenizer, [scene.caption for scene, _ in drawn], device)
        with plain_attention(device), torch.autocast(device.type, torch.bfloat16):
            read = trainer.networks["reader"](trainer.networks["text"](tokens).last_hidden_state)
        return maps_loss(read, _moved(draw_maps(drawn), device))

    fit(trainer, lambda: [loss_of_step], checkpoint, label="text", minutes=settings.checkpoint_minutes)
    averages = {name: network.eval() for name, network in trainer.averages.items()}
    with folder.finishing("text") as result:
        averages["text"].save_pretrained(result)  # type: ignore[operator]
        (result / "losses.json").write_text(json.dumps(trainer.losses), encoding="utf-8")
    return _judge(averages, tokenizer, settings.text, device)


def build_text_encoder(settings: TextSettings, tokenizer: Any, device: torch.device) -> Any:
    """Make a text encoder for the tokenizer's captions."""
    torch.manual_seed(settings.schedule.seed)
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.width,
        intermediate_size=settings.hidden,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        max_position_embeddings=tokenizer.model_max_length,
        hidden_act="quick_gelu",
        projection_dim=settings.width,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    encoder: Any = CLIPTextModel._from_config(config, attn_implementation=attention_for(device))
    return encoder.to(device).train()


@torch.no_grad()
def _judge(networks: dict[str, Any], tokenizer: Any, settings: TextSettings, device: torch.device) -> Figures:
    batches = SceneBatches(_HELD_OUT_SEED)
    held_out = scenes(held_out=True, each=-(-settings.held_out // _STRATA), seed=_HELD_OUT_SEED)
    drawn = [(scene, arrange(scene, batches.rng)) for scene in held_out]
    tokens = tokens_of(tokenizer, [scene.caption for scene, _ in drawn], device)
    read = networks["reader"](networks["text"](tokens).last_hidden_state)
    right = _moved(draw_maps(drawn), device)
    occupied = right.shapes > 0
    return {
        "shapes": _share(read.shapes.argmax(-1)[occupied] == right.shapes[occupied]),
        "colours": _share(read.colours.argmax(-1)[occupied] == right.colours[occupied]),
        "backgrounds": _share(read.background.argmax(-1) == right.background),
    }


def _share(right: Tensor) -> float:
    return right.float().mean().item()


def _moved(maps: Maps, device: torch.device) -> Maps:
    return Maps(*(part.to(device) for part in (maps.shapes, maps.colours, maps.background, maps.background_colour)))
