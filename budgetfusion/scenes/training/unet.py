"""Stage `unet`: the denoiser, and the text encoder with it."""

import json
from functools import partial
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from budgetfusion.scenes.training.attention import attention_for
from budgetfusion.scenes.training.batches import RotatingBuffer
from budgetfusion.scenes.training.folder import Figures, TrainingFolder
from budgetfusion.scenes.training.noise import Noise
from budgetfusion.scenes.training.settings import Settings, UnetSettings
from budgetfusion.scenes.training.shards import Loss
from budgetfusion.scenes.training.tokenizer import tokens_of
from budgetfusion.scenes.training.trainer import Trainer, fit

_ENCODED_AT_ONCE = 64
_NEWEST = 500  # steps over which the reported loss is a mean


def train_unet(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    """Train the denoiser to predict the velocity of noised latents, from single objects to the whole grammar.

    Returns:
        The mean loss of the last steps.
    """
    denoising = Denoising(folder, settings.unet, device, settings.start)
    trainer, checkpoint = denoising.trainer, folder.checkpoint("unet")
    if not trainer.resume(checkpoint, device):
        denoising.fill()
    fit(trainer, denoising.losses_of_step, checkpoint, label="unet", minutes=settings.checkpoint_minutes)
    with folder.finishing("unet") as result:
        trainer.averages["unet"].save_pretrained(result / "unet")  # type: ignore[operator]
        trainer.averages["text"].save_pretrained(result / "text_encoder")  # type: ignore[operator]
        (result / "losses.json").write_text(json.dumps(trainer.losses), encoding="utf-8")
    newest = trainer.losses[-_NEWEST:]
    return {"velocity_mse": sum(newest) / len(newest)}


class Denoising:
    """The denoiser's lesson: encoded scenes, noised, beside their captions."""

    def __init__(self, folder: TrainingFolder, settings: UnetSettings, device: torch.device, start: str = "") -> None:
        self.settings, self.device, self.noise = settings, device, Noise()
        self.tokenizer = CLIPTokenizer.from_pretrained(folder.result("tokenizer"))
        vae: Any = AutoencoderKL.from_pretrained(folder.result("decoder"))
        self.vae = vae.to(device).eval().requires_grad_(False)
        attention = attention_for(device)
        text: Any = CLIPTextModel.from_pretrained(folder.result("text"), attn_implementation=attention)
        self.text = text.to(device).train()
        self.unet = build_unet(settings, self.vae.config.latent_channels, self.text.config.hidden_size, device)
        if start:
            take_over(self.unet, UNet2DConditionModel.from_pretrained(start, subfolder="unet"))
        networks = {"unet": self.unet, "text": self.text}
        self.trainer = Trainer(settings.schedule, networks, rates={"text": settings.text_rate})
        self.buffer = RotatingBuffer(settings.buffer)
        self.trainer.keep("buffer", self.buffer)
        self.empty = tokens_of(self.tokenizer, [""], device)[0]

    def fill(self) -> None:
        """Fill the buffer with the scenes of the beginning."""
        for written in range(0, self.settings.buffer, _ENCODED_AT_ONCE):
            self._add_scenes(min(_ENCODED_AT_ONCE, self.settings.buffer - written))

    def losses_of_step(self) -> list[Loss]:
        """Pick a batch, and return what computes the mean squared error of its velocities, part by part."""
        if self.trainer.step and self.trainer.step % self.settings.refresh_every == 0:
            self._add_scenes(self.settings.refresh)
        count, rng = self.settings.schedule.batch, self.trainer.rng
        latents, tokens = self.buffer.pick(count, rng)
        dropped = torch.rand(count, generator=rng) < self.settings.dropout
        tokens = torch.where(dropped[:, None].to(self.device), self.empty, tokens)
        timesteps = self.noise.timesteps(count, self.settings, rng)
        noise = torch.randn(latents.shape, generator=rng).to(self.device)
        noised, velocity = self.noise.mix(latents, noise, timesteps)
        parts = [part.chunk(self.settings.parts) for part in (noised, timesteps, tokens, velocity)]
        return [partial(self._loss, *part) for part in zip(*parts, strict=True)]

    def _loss(self, noised: Tensor, timesteps: Tensor, tokens: Tensor, velocity: Tensor) -> Tensor:
        share = len(noised) / self.settings.schedule.batch
        return (self._predict(noised, timesteps, tokens) - velocity).square().mean() * share

    def _predict(self, noised: Tensor, timesteps: Tensor, tokens: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16):
            states = self.text(tokens).last_hidden_state
            predicted: Tensor = self.unet(noised, timesteps.to(self.device), states, return_dict=False)[0]
        return predicted.float()

    @torch.no_grad()
    def _add_scenes(self, count: int) -> None:
        start, end = self.settings.simple
        share = start + (end - start) * self.trainer.progress
        batch = self.trainer.scenes.draw(count, share)
        with torch.autocast(self.device.type, torch.bfloat16):
            latents = self.vae.encode(batch.pixels.to(self.device)).latent_dist.mode()
        self.buffer.add(latents, tokens_of(self.tokenizer, batch.captions, self.device))


def build_unet(settings: UnetSettings, channels: int, text_width: int, device: torch.device) -> Any:
    """Make a denoiser of 16 x 16 latents that attends to the text where the latents are 8 x 8.

    Args:
        settings: Its widths.
        channels: Latent channels.
        text_width: Width of the text encoder's hidden states.
        device: Where it is trained.
    """
    torch.manual_seed(settings.schedule.seed)
    unet: Any = UNet2DConditionModel(
        sample_size=16,
        in_channels=channels,
        out_channels=channels,
        layers_per_block=1,
        block_out_channels=settings.widths,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=text_width,
        attention_head_dim=settings.heads,  # diffusers' name for the number of heads
        norm_num_groups=settings.groups,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",  # the whole caption speaks to every block, as the time does
        addition_embed_type_num_heads=settings.heads,
    )
    if device.type == "cpu":  # the fused attention's backward pass took 37 % of a step on a CPU
        unet.set_attn_processor(AttnProcessor())
    return unet.to(device).train()


@torch.no_grad()
def take_over(unet: Any, other: Any) -> int:
    """Begin a denoiser with another one's weights, wherever both have one of the same name and shape.

    Args:
        unet: What begins.
        other: A trained denoiser of the same latents.

    Returns:
        How many weights were taken over.
    """
    own, others = unet.state_dict(), other.state_dict()
    shared = [name for name, weight in own.items() if name in others and others[name].shape == weight.shape]
    for name in shared:
        own[name].copy_(others[name])
    return len(shared)
