"""The UNets of Stable Diffusion and Stable Diffusion XL: what the engine asks them, and with what."""

from copy import deepcopy
from functools import cached_property
from typing import Any, ClassVar

import torch

from budgetfusion.diffusion.contexts import Heard, laid, parts
from budgetfusion.diffusion.errors import PipelineUnsupportedError, SizeUnevenError
from budgetfusion.diffusion.samplers import Schedule, schedule
from budgetfusion.diffusion.slots import Denoiser


class Unet:
    """The UNet of a StableDiffusionPipeline, which hears the states of one text encoder.

    Its siblings below have the same methods.

    Args:
        pipe: The pipeline.
        size: Width and height of the images, pixels.

    Raises:
        PipelineUnsupportedError: If the denoiser wants something that this kind does not give it.
        SizeUnevenError: If the size is no multiple of what a latent covers.

    Attributes:
        network: The module with the weights.
        denoise: What the engine asks; here the UNet itself, so that `Reuse` may take it apart.
        shape: Of one image's latents: channels, height, width.
    """

    name: ClassVar[str] = "unet"
    kept: ClassVar[int] = 256
    """Prompts whose contexts are kept; 0.3 MB each in float32, and twice that for SDXL."""
    tokens: ClassVar[int] = 0
    """Of a T5 encoder, where there is one."""

    def __init__(self, pipe: Any, size: tuple[int, int]) -> None:
        self.network = getattr(pipe, self.name)
        self._pipe, self._size = pipe, size
        self.denoise: Denoiser = self.network
        self.check()
        if pipe.vae.config.get("latents_mean") is not None:
            self._refuse("its autoencoder shifts each channel of the latents")
        scale = pipe.vae_scale_factor
        if any(length % (scale * self.patch) for length in size):
            raise SizeUnevenError(*size, scale * self.patch)
        self.shape = (self.channels, size[1] // scale, size[0] // scale)

    @property
    def channels(self) -> int:
        """Of the latents."""
        return int(self.network.config.in_channels)

    @property
    def patch(self) -> int:
        """Latents on each side of what the denoiser takes as one."""
        return 1

    @property
    def context(self) -> tuple[int, ...]:
        """Shape of what one row hears."""
        return (self._pipe.tokenizer.model_max_length, self._pipe.text_encoder.config.hidden_size)

    @property
    def vae(self) -> Any:
        """What decodes the latents."""
        return self._pipe.vae

    def check(self) -> None:
        """Say why the denoiser cannot run in slots."""
        if self.network.config.get("addition_embed_type") == "text_time":
            self._refuse("its UNet has addition_embed_type 'text_time'")
        self._check_unet()

    def heard(self, prompt: str, guidance_scale: float) -> tuple[Heard, ...]:
        """Return what an image's rows hear: with classifier-free guidance first no text, then the prompt."""
        return (Heard(None), Heard(prompt)) if guidance_scale > 1 else (Heard(prompt),)

    def encode(self, heard: Heard) -> torch.Tensor:
        """Return what one row hears, shape `context`."""
        encoded, _ = self._pipe.encode_prompt(heard.text or "", self.network.device, 1, False)
        return self._cast(encoded[0])

    def schedule(self, num_steps: int) -> Schedule:
        """Return the table of the pipeline's scheduler, as diffusers' loop would walk it."""
        return schedule(self._pipe.scheduler, num_steps)

    def _check_unet(self) -> None:
        wanted = {
            "addition_embed_type": ("image", "text_image", "image_hint"),
            "encoder_hid_dim_type": ("image_proj", "text_image_proj", "ip_image_proj"),
        }
        for key, values in wanted.items():
            if self.network.config.get(key) in values:
                self._refuse(f"its UNet has {key} '{self.network.config[key]}'")
        if self.network.config.get("time_cond_proj_dim") is not None:
            self._refuse("its UNet is told the guidance scale (a distilled model)")

    def _refuse(self, reason: str) -> None:
        raise PipelineUnsupportedError(type(self._pipe).__name__, reason)

    def _cast(self, context: torch.Tensor) -> torch.Tensor:
        return context.to(self.network.device, self.network.dtype)


class XlUnet(Unet):
    """The UNet of a StableDiffusionXLPipeline, which also hears the second encoder's pooled text and the image's size.

    Source:
        Podell et al., arXiv:2307.01952, section 2.2; the sizes are those that diffusers gives when none is asked for.
    """

    def __init__(self, pipe: Any, size: tuple[int, int]) -> None:
        super().__init__(pipe, size)
        self.denoise = self._denoise

    @property
    def context(self) -> tuple[int, ...]:
        """Shape of what one row hears: states, pooled text, and six numbers of the image's size."""
        states = self._pipe.tokenizer.model_max_length * self.network.config.cross_attention_dim
        return (states + self._pooled + 6,)

    @cached_property
    def vae(self) -> Any:
        """What decodes the latents; SDXL's overflows in float16 unless it says otherwise, and is copied to float32."""
        vae = self._pipe.vae
        overflows = vae.dtype == torch.float16 and vae.config.force_upcast
        return deepcopy(vae).float() if overflows else vae

    def check(self) -> None:
        """Say why the denoiser cannot run in slots."""
        if self.network.config.get("addition_embed_type") != "text_time":
            self._refuse("its UNet does not hear pooled text and the image's size")
        self._check_unet()

    def encode(self, heard: Heard) -> torch.Tensor:
        """Return what one row hears, shape `context`."""
        no_text = heard.text is None
        states = self._pipe.encode_prompt(
            heard.text or "", device=self.network.device, num_images_per_prompt=1, do_classifier_free_guidance=no_text
        )
        text, pooled = (states[1], states[3]) if no_text else (states[0], states[2])
        width, height = self._size
        size = torch.tensor([height, width, 0, 0, height, width])  # of the original, where it was cut, of the image
        return laid(self._cast(text), self._cast(pooled), self._cast(size))

    @property
    def _pooled(self) -> int:
        config = self.network.config
        return int(config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim)

    def _denoise(
        self, x: torch.Tensor, t: torch.Tensor, *, encoder_hidden_states: torch.Tensor, return_dict: bool
    ) -> Any:
        text, pooled, size = parts(encoder_hidden_states, self.network.config.cross_attention_dim, self._pooled, 6)
        added = {"text_embeds": pooled, "time_ids": size}
        return self.network(x, t, encoder_hidden_states=text, added_cond_kwargs=added, return_dict=return_dict)
