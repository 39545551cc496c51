"""Stage `decoder`: the autoencoder's decoder trained further, on whole pictures and from slightly wrong latents."""

import json
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from budgetfusion.scenes.training.batches import SceneBatches
from budgetfusion.scenes.training.folder import Figures, TrainingFolder
from budgetfusion.scenes.training.settings import Settings
from budgetfusion.scenes.training.trainer import Trainer, fit
from budgetfusion.scenes.training.vae import HELD_OUT_SEED, picture_loss, psnr

_DECODER = ("decoder", "post_quant_conv")


def train_decoder(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    """Train the decoder, and put it together with the encoder that it had.

    Returns:
        Peak signal-to-noise ratio on held-out scenes, before and after.
    """
    vae: Any = AutoencoderKL.from_pretrained(folder.result("vae")).to(device).eval().requires_grad_(False)
    pixels = SceneBatches(HELD_OUT_SEED).draw(settings.vae.held_out).pixels.to(device)
    before = psnr(vae, pixels)
    for name in _DECODER:
        getattr(vae, name).requires_grad_(True).train()
    trainer = Trainer(settings.decoder.schedule, {name: getattr(vae, name) for name in _DECODER})
    checkpoint = folder.checkpoint("decoder")
    trainer.resume(checkpoint, device)

    def loss_of_step() -> Tensor:
        pixels = trainer.scenes.draw(settings.decoder.schedule.batch).pixels.to(device)
        return _loss(vae, pixels, settings, trainer.rng)

    fit(trainer, lambda: [loss_of_step], checkpoint, label="decoder", minutes=settings.checkpoint_minutes)
    for name in _DECODER:
        getattr(vae, name).load_state_dict(trainer.averages[name].state_dict())
    with folder.finishing("decoder") as result:
        vae.eval().save_pretrained(result)
        (result / "losses.json").write_text(json.dumps(trainer.losses), encoding="utf-8")
    return {"vae_psnr_db": before, "psnr_db": psnr(vae, pixels)}


def _loss(vae: Any, pixels: Tensor, settings: Settings, rng: torch.Generator) -> Tensor:
    with torch.autocast(pixels.device.type, torch.bfloat16):
        latents = vae.encode(pixels).latent_dist.mode()
        noise = torch.randn(latents.shape, generator=rng).to(pixels.device)
        decoded = vae.decode(latents + settings.decoder.noise * noise).sample
    return picture_loss(decoded.float() - pixels, settings.vae.gradient_weight)
