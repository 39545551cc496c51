"""Stage `vae`: the autoencoder, on crops and then on whole pictures."""

import json
import math
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from budgetfusion.scenes.training.batches import SceneBatches
from budgetfusion.scenes.training.folder import Figures, TrainingFolder
from budgetfusion.scenes.training.latents import encode_means, prune, standardise
from budgetfusion.scenes.training.settings import Settings, VaeSettings
from budgetfusion.scenes.training.trainer import Trainer, fit

HELD_OUT_SEED = 99
_LATENT_CELL = 16  # pixels under one latent
_BATCH = 64


def train_vae(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    """Train the autoencoder, give its latents mean 0 and deviation 1, and drop those that collapsed.

    A training that starts from a pipeline keeps that one's autoencoder: another one's latents would be new to the
    denoiser.

    Returns:
        Peak signal-to-noise ratio on held-out scenes, before and after dropping, and the latent channels kept.
    """
    if settings.start:
        return _keep_vae(folder, settings, device)
    trainer = Trainer(settings.vae.schedule, {"vae": build_vae(settings.vae).to(device).train()})
    checkpoint = folder.checkpoint("vae")
    trainer.resume(checkpoint, device)

    def loss_of_step() -> Tensor:
        pixels = _pixels(trainer, settings.vae).to(device)
        return reconstruction_loss(trainer.networks["vae"], pixels, settings.vae, trainer.rng)

    fit(trainer, lambda: [loss_of_step], checkpoint, label="vae", minutes=settings.checkpoint_minutes)
    vae = trainer.averages["vae"].eval()
    pixels = SceneBatches(HELD_OUT_SEED).draw(settings.vae.held_out).pixels.to(device)
    standardise(vae, pixels)
    pruned = prune(vae, pixels, settings.vae.collapsed_std)
    with folder.finishing("vae") as result:
        pruned.save_pretrained(result)
        (result / "losses.json").write_text(json.dumps(trainer.losses), encoding="utf-8")
    kept = pruned.config.latent_channels
    return {"psnr_db": psnr(vae, pixels), "pruned_psnr_db": psnr(pruned, pixels), "latent_channels": kept}


def _keep_vae(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    kept: Any = AutoencoderKL.from_pretrained(settings.start, subfolder="vae", torch_dtype=torch.float32)
    pixels = SceneBatches(HELD_OUT_SEED).draw(settings.vae.held_out).pixels.to(device)
    with folder.finishing("vae") as result:
        kept.save_pretrained(result)
    return {"psnr_db": psnr(kept.to(device).eval(), pixels), "latent_channels": kept.config.latent_channels}


def build_vae(settings: VaeSettings) -> Any:
    """Make an autoencoder without attention, so that a crop is like a small picture."""
    torch.manual_seed(settings.schedule.seed)
    vae: Any = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * len(settings.widths),
        up_block_types=("UpDecoderBlock2D",) * len(settings.widths),
        block_out_channels=settings.widths,
        layers_per_block=1,
        latent_channels=settings.latent_channels,
        norm_num_groups=8,
        sample_size=64,
        scaling_factor=1.0,
        mid_block_add_attention=False,
    )
    with torch.no_grad():  # begin with narrow posteriors: the decoder first learns from clean latents
        vae.quant_conv.weight[settings.latent_channels :] *= 0.02
        vae.quant_conv.bias[settings.latent_channels :] = -5.0
    return vae


def reconstruction_loss(vae: Any, pixels: Tensor, settings: VaeSettings, rng: torch.Generator) -> Tensor:
    """Return L1 + squared error + weighted L1 of the picture's gradient + weighted divergence from the prior.

    Args:
        vae: The autoencoder.
        pixels: Shape (batch, 3, side, side), -1..1.
        settings: The weights.
        rng: Where the latents' noise comes from, on the CPU.
    """
    with torch.autocast(pixels.device.type, torch.bfloat16):
        posterior = vae.encode(pixels).latent_dist
        decoded = vae.decode(posterior.sample(generator=rng)).sample
    dimensions = settings.latent_channels * pixels.shape[-1] * pixels.shape[-2] / _LATENT_CELL
    divergence = posterior.kl().float().mean() / dimensions
    loss: Tensor = picture_loss(decoded.float() - pixels, settings.gradient_weight) + settings.kl_weight * divergence
    return loss


def picture_loss(error: Tensor, gradient_weight: float) -> Tensor:
    """Return L1 + squared error + weighted L1 of the picture's gradient, of errors (batch, 3, side, side)."""
    across, down = error.diff(dim=-1).abs().mean(), error.diff(dim=-2).abs().mean()
    return error.abs().mean() + error.square().mean() + gradient_weight * (across + down)


@torch.no_grad()
def psnr(vae: Any, pixels: Tensor) -> float:
    """Return the peak signal-to-noise ratio of decoded latents' means, in dB.

    Args:
        vae: The autoencoder.
        pixels: Shape (batch, 3, side, side), -1..1.
    """
    decoded = [vae.decode(encode_means(vae, part)).sample.clamp(-1, 1) for part in pixels.split(_BATCH)]
    return 10 * math.log10(4 / (torch.cat(decoded) - pixels).square().mean().item())


def _pixels(trainer: Trainer, settings: VaeSettings) -> Tensor:
    if trainer.progress < 1 - settings.whole_share:
        return trainer.scenes.crops(settings.schedule.batch, settings.crop)
    return trainer.scenes.draw(settings.whole_batch).pixels
