"""The transformers of Stable Diffusion 3 and Flux, which follow a flow: Euler steps along straight paths.

Source:
    Esser et al., arXiv:2403.03206 (Stable Diffusion 3).
"""

from typing import Any

import numpy as np
import torch

from budgetfusion.diffusion.contexts import Heard, laid, parts
from budgetfusion.diffusion.samplers import Schedule, schedule
from budgetfusion.diffusion.unets import Unet


class Sd3Transformer(Unet):
    """The transformer of a StableDiffusion3Pipeline, which hears three text encoders and their pooled text."""

    name = "transformer"
    kept = 32  # 5 MB each in float32
    tokens = 256  # diffusers' own default

    def __init__(self, pipe: Any, size: tuple[int, int]) -> None:
        super().__init__(pipe, size)
        self.denoise = self._denoise

    @property
    def patch(self) -> int:
        """Latents on each side of what the denoiser takes as one."""
        return int(self.network.config.patch_size)

    @property
    def context(self) -> tuple[int, ...]:
        """Shape of what one row hears: states and pooled text."""
        config, tokens = self.network.config, self._pipe.tokenizer.model_max_length + self.tokens
        return (tokens * config.joint_attention_dim + config.pooled_projection_dim,)

    def check(self) -> None:
        """Nothing is wanted beyond what every such transformer hears."""

    def encode(self, heard: Heard) -> torch.Tensor:
        """Return what one row hears, shape `context`."""
        states = self._pipe.encode_prompt(
            heard.text or "", None, None, device=self.network.device, do_classifier_free_guidance=False
        )
        return laid(self._cast(states[0]), self._cast(states[2]))

    def schedule(self, num_steps: int) -> Schedule:
        """Return the table of the pipeline's scheduler, as diffusers' loop would walk it."""
        return schedule(self._pipe.scheduler, num_steps, mu=self._shift(1.16))

    def _shift(self, most: float) -> float | None:
        """Return how far the timesteps shift with the image's size, linearly in the number of its patches."""
        config = self._pipe.scheduler.config
        if not config.get("use_dynamic_shifting"):
            return None
        few, many = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
        least, most = config.get("base_shift", 0.5), config.get("max_shift", most)
        patches = self.shape[1] // self.patch * (self.shape[2] // self.patch)
        slope = (most - least) / (many - few)
        return float(patches * slope + (least - slope * few))

    def _denoise(
        self, x: torch.Tensor, t: torch.Tensor, *, encoder_hidden_states: torch.Tensor, return_dict: bool
    ) -> Any:
        config = self.network.config
        text, pooled = parts(encoder_hidden_states, config.joint_attention_dim, config.pooled_projection_dim)
        return self.network(x, text, pooled, t, return_dict=return_dict)


class FluxTransformer(Sd3Transformer):
    """The transformer of a FluxPipeline: one row for each image, as it is told the guidance scale, or hears of none."""

    tokens = 512

    @property
    def channels(self) -> int:
        """Of the latents, of which the transformer takes four as one."""
        return int(self.network.config.in_channels) // 4

    @property
    def patch(self) -> int:
        """Latents on each side of what the denoiser takes as one."""
        return 2

    @property
    def context(self) -> tuple[int, ...]:
        """Shape of what one row hears: states, pooled text, and the guidance scale."""
        config = self.network.config
        return (self.tokens * config.joint_attention_dim + config.pooled_projection_dim + 1,)

    def heard(self, prompt: str, guidance_scale: float) -> tuple[Heard, ...]:
        """Return what an image's only row hears."""
        return (Heard(prompt, guidance_scale if self.network.config.guidance_embeds else 0.0),)

    def encode(self, heard: Heard) -> torch.Tensor:
        """Return what one row hears, shape `context`."""
        text, pooled, _ = self._pipe.encode_prompt(heard.text or "", device=self.network.device)
        return laid(self._cast(text), self._cast(pooled), self._cast(torch.tensor([heard.guidance_scale])))

    def schedule(self, num_steps: int) -> Schedule:
        """Return the table of the pipeline's scheduler, as diffusers' loop would walk it."""
        scheduler = self._pipe.scheduler
        even = None if scheduler.config.get("use_flow_sigmas") else np.linspace(1.0, 1 / num_steps, num_steps)
        return schedule(scheduler, num_steps, mu=self._shift(1.15), sigmas=even)

    def _denoise(
        self, x: torch.Tensor, t: torch.Tensor, *, encoder_hidden_states: torch.Tensor, return_dict: bool
    ) -> Any:
        config, (height, width) = self.network.config, x.shape[2:]
        text, pooled, guidance = parts(
            encoder_hidden_states, config.joint_attention_dim, config.pooled_projection_dim, 1
        )
        predicted = self.network(
            torch.nn.functional.pixel_unshuffle(x, 2).flatten(2).transpose(1, 2),
            encoder_hidden_states=text,
            pooled_projections=pooled,
            timestep=t / 1000,
            guidance=guidance[:, 0] if config.guidance_embeds else None,
            txt_ids=x.new_zeros(text.shape[1], 3),
            img_ids=_places(x, height // 2, width // 2),
            return_dict=False,
        )[0]
        rows = predicted.transpose(1, 2).unflatten(2, (height // 2, width // 2))
        return (torch.nn.functional.pixel_shuffle(rows, 2),)


def _places(x: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return (0, row, column) of each patch, shape (height * width, 3)."""
    zero, row, column = x.new_zeros(1), torch.arange(height).to(x), torch.arange(width).to(x)
    return torch.cartesian_prod(zero, row, column)
