"""How latents are noised, and what the denoiser should say of them: Stable Diffusion 2's schedule."""

from typing import Any

import torch
from diffusers import EulerDiscreteScheduler
from torch import Tensor

from budgetfusion.scenes.training.settings import UnetSettings


def build_scheduler() -> Any:
    """Make the scheduler of the pipeline: Euler, v-prediction, linspace (that of arXiv:2412.05780, section 3.1)."""
    return EulerDiscreteScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        timestep_spacing="linspace",
        steps_offset=1,  # as in Stable Diffusion's own file; linspace does not use it
    )


class Noise:
    """The amount of noise at each of the 1000 timesteps."""

    def __init__(self) -> None:
        self.signal: Tensor = build_scheduler().alphas_cumprod.float()
        """Share of the signal in the variance, shape (1000,), falling."""
        self.log_sigma = 0.5 * ((1 - self.signal) / self.signal).log()

    def timesteps(self, count: int, settings: UnetSettings, rng: torch.Generator) -> Tensor:
        """Draw timesteps 0..999, shape (count,): some uniform, the rest about a level of noise where shapes form."""
        uniform = torch.randint(len(self.signal), (count,), generator=rng)
        log_sigma = torch.randn(count, generator=rng) * settings.log_sigma_std + settings.log_sigma_mean
        normal = torch.searchsorted(self.log_sigma, log_sigma).clamp(max=len(self.signal) - 1)
        return torch.where(torch.rand(count, generator=rng) < settings.uniform, uniform, normal)

    def mix(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> tuple[Tensor, Tensor]:
        """Return noised latents and the velocity that the denoiser should predict, each shaped as the latents.

        Args:
            latents: Shape (batch, channels, height, width), deviation 1.
            noise: Standard normal, the same shape.
            timesteps: Shape (batch,), 0..999, on the CPU.

        Source:
            Salimans and Ho 2022, arXiv:2202.00512, appendix D.
        """
        signal = self.signal[timesteps].view(-1, 1, 1, 1).to(latents.device)
        clean, noisy = signal.sqrt(), (1 - signal).sqrt()
        return clean * latents + noisy * noise, clean * noise - noisy * latents
