"""The classes of diffusers' pipelines that this program runs, and how each is loaded."""

from dataclasses import dataclass, field
from typing import Any

from diffusers import FluxPipeline, StableDiffusion3Pipeline, StableDiffusionPipeline, StableDiffusionXLPipeline


@dataclass(frozen=True)
class Kind:
    """A class of pipelines.

    Attributes:
        pipeline: Diffusers' class.
        body: What a prediction does without: everything but the first text encoder.
        settings: Keywords of its loading.
    """

    pipeline: Any
    body: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)


_SEEN = {"feature_extractor": None, "image_encoder": None}  # parts that look at images, which nothing here shows them

KINDS: dict[str, Kind] = {
    "StableDiffusionPipeline": Kind(
        StableDiffusionPipeline, ("unet", "vae"), {**_SEEN, "safety_checker": None, "requires_safety_checker": False}
    ),
    "StableDiffusionXLPipeline": Kind(
        StableDiffusionXLPipeline,
        ("unet", "vae", "text_encoder_2", "tokenizer_2"),
        {**_SEEN, "add_watermarker": False},
    ),
    "StableDiffusion3Pipeline": Kind(
        StableDiffusion3Pipeline,
        ("transformer", "vae", "text_encoder_2", "tokenizer_2", "text_encoder_3", "tokenizer_3"),
        _SEEN,
    ),
    "FluxPipeline": Kind(FluxPipeline, ("transformer", "vae", "text_encoder_2", "tokenizer_2"), _SEEN),
}
"""By the name that a folder's model_index.json gives."""
