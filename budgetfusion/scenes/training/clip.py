"""Stage `clip`: a CLIP that tells which caption belongs to which scene, and hears when one word of it is wrong."""

import json
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from budgetfusion.scenes.training.attention import attention_for
from budgetfusion.scenes.training.batches import SceneBatches
from budgetfusion.scenes.training.folder import Figures, TrainingFolder
from budgetfusion.scenes.training.negatives import swap_word
from budgetfusion.scenes.training.settings import ClipSettings, Settings
from budgetfusion.scenes.training.trainer import Trainer, fit

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
"""Levels (0..1) by which pictures are normalised: those of OpenAI's CLIP, which every processor knows."""

_HELD_OUT_SEED = 97
_MAX_LOG_SCALE = 4.6052  # a temperature of 0.01


def train_clip(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    """Train the CLIP on pairs of scene and caption.

    Returns:
        Share of new captions whose scene is found, and of scenes whose caption is found, among all of them; and of
        captions that fit their scene better than with one word exchanged.
    """
    tokenizer = CLIPTokenizer.from_pretrained(folder.result("tokenizer"))
    trainer = Trainer(settings.clip.schedule, {"clip": build_clip(settings.clip, tokenizer, device)})
    checkpoint = folder.checkpoint("clip")
    trainer.resume(checkpoint, device)

    def loss_of_step() -> Tensor:
        batch = trainer.scenes.draw(settings.clip.schedule.batch)
        wrong = [swap_word(caption, trainer.scenes.rng) for caption in batch.captions]
        with torch.autocast(device.type, torch.bfloat16):
            logits = match(trainer.networks["clip"], tokenizer, batch.pixels, batch.captions + wrong, device)
        return contrastive_loss(logits.float(), batch.captions, wrong)

    fit(trainer, lambda: [loss_of_step], checkpoint, label="clip", minutes=settings.checkpoint_minutes)
    clip = trainer.averages["clip"].eval()
    with folder.finishing("clip") as result:
        clip.save_pretrained(result / "model")  # type: ignore[operator]
        (result / "losses.json").write_text(json.dumps(trainer.losses), encoding="utf-8")
    return _judge(clip, tokenizer, SceneBatches(_HELD_OUT_SEED), settings.clip.held_out, device)


def build_clip(settings: ClipSettings, tokenizer: Any, device: torch.device) -> Any:
    """Make a CLIP for 64 x 64 pictures and the tokenizer's captions."""
    torch.manual_seed(settings.schedule.seed)
    tower = {
        "hidden_size": settings.width,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": settings.heads,
        "hidden_act": "quick_gelu",
        "projection_dim": settings.width,
    }
    text = {
        "intermediate_size": settings.text_hidden,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": tokenizer.model_max_length,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    image = {"intermediate_size": settings.image_hidden, "image_size": 64, "patch_size": settings.patch}
    config = CLIPConfig(text_config=tower | text, vision_config=tower | image, projection_dim=settings.width)
    clip: Any = CLIPModel._from_config(config, attn_implementation=attention_for(device))
    return clip.to(device).train()


def match(clip: Any, tokenizer: Any, pixels: Tensor, captions: list[str], device: torch.device) -> Tensor:
    """Return the scaled similarity of every caption (rows) to every picture (columns), shape (captions, pictures).

    Args:
        clip: The CLIP.
        tokenizer: Its tokenizer.
        pixels: Shape (pictures, 3, 64, 64), -1..1.
        captions: Any number of them.
        device: Where the CLIP is.
    """
    levels = (pixels + 1) / 2
    normal = (levels - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
    tokens = tokenizer(captions, padding=True, truncation=True, return_tensors="pt").to(device)
    out = clip(**tokens, pixel_values=normal.to(device))
    similarity = out.text_embeds @ out.image_embeds.T
    logits: Tensor = similarity * clip.logit_scale.clamp(max=_MAX_LOG_SCALE).exp()
    return logits


def contrastive_loss(logits: Tensor, captions: list[str], wrong: list[str]) -> Tensor:
    """Return the cross-entropy of finding the picture for each caption and the caption for each picture.

    A picture also looks among the captions with a wrong word, its own and everybody's. A caption that equals the
    picture's is as right as it, so it is not among the wrong ones.

    Args:
        logits: Shape (2 * batch, batch), the captions and then the wrong captions, by pictures.
        captions: The caption of each picture.
        wrong: The same captions with one word exchanged, or the same again where none can be.

    Source:
        Radford et al. 2021, arXiv:2103.00020, figure 3; wrong captions as in Yuksekgonul et al. 2023, arXiv:2210.01936.
    """
    numbers = {caption: number for number, caption in enumerate(dict.fromkeys(captions + wrong))}
    rows = torch.tensor([numbers[caption] for caption in captions + wrong], device=logits.device)
    count = len(captions)
    own = torch.eye(2 * count, count, dtype=torch.bool, device=logits.device)
    allowed = logits.masked_fill((rows[:, None] == rows[None, :count]) & ~own, float("-inf"))
    target = torch.arange(count, device=logits.device)
    return (F.cross_entropy(allowed[:count], target) + F.cross_entropy(allowed.T, target)) / 2


@torch.no_grad()
def _judge(clip: Any, tokenizer: Any, batches: SceneBatches, count: int, device: torch.device) -> Figures:
    batch = batches.draw(count)
    wrong = [swap_word(caption, batches.rng) for caption in batch.captions]
    logits = match(clip, tokenizer, batch.pixels, batch.captions + wrong, device)
    right, wrong_logits, target = logits[:count], logits[count:], torch.arange(count, device=device)
    swapped = torch.tensor([a != b for a, b in zip(batch.captions, wrong, strict=True)], device=device)
    told = (right.diagonal() > wrong_logits.diagonal())[swapped]
    return {
        "found_scenes": (right.argmax(dim=1) == target).float().mean().item(),
        "found_captions": (right.argmax(dim=0) == target).float().mean().item(),
        "told_wrong_words": told.float().mean().item(),
    }
