"""Which denoiser a pipeline has: each kind is asked in one way, for rows of latents at their own timesteps."""

from typing import Any

from budgetfusion.diffusion.errors import PipelineUnsupportedError
from budgetfusion.diffusion.flows import FluxTransformer, Sd3Transformer
from budgetfusion.diffusion.unets import Unet, XlUnet


def denoiser(pipe: Any, size: tuple[int, int]) -> Unet:
    """Return the denoiser of a pipeline for images of a size.

    Args:
        pipe: A diffusers pipeline like one of `pipeline.KINDS`.
        size: Width and height of the images, pixels.

    Raises:
        PipelineUnsupportedError: If it has no denoiser of a kind that is known, or one that wants more.
        SizeUnevenError: If the size is no multiple of what a latent covers.
    """
    return _kind(pipe)(pipe, size)


def network(pipe: Any) -> Any:
    """Return the module that denoises: the UNet, or the transformer."""
    return getattr(pipe, _kind(pipe).name)


def own_size(pipe: Any) -> int:
    """Return the width and height of a pipeline's images when none is asked for, pixels."""
    own = pipe.unet.config.sample_size if _kind(pipe).name == "unet" else pipe.default_sample_size
    return int(own * pipe.vae_scale_factor)


def rows(pipe: Any, guidance_scale: float) -> int:
    """Return the rows of one image: two with classifier-free guidance, one without, and one for Flux."""
    return 1 if _kind(pipe) is FluxTransformer or guidance_scale <= 1 else 2


def _kind(pipe: Any) -> type[Unet]:
    if getattr(pipe, "unet", None) is not None:
        return XlUnet if getattr(pipe, "text_encoder_2", None) is not None else Unet
    found = type(getattr(pipe, "transformer", None)).__name__
    kinds: dict[str, type[Unet]] = {
        "SD3Transformer2DModel": Sd3Transformer,
        "FluxTransformer2DModel": FluxTransformer,
    }
    if found not in kinds:
        named = "it has no UNet" if found == "NoneType" else f"its denoiser is a {found}"
        raise PipelineUnsupportedError(type(pipe).__name__, named)
    return kinds[found]
