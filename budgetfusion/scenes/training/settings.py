"""How large each network is and for how many steps it is trained: in full, and as a smoke test."""

from dataclasses import dataclass, replace

FULL_MINUTES = 180
"""What `FULL` takes on two quiet CPU cores, by the throughput of the prototype; the steps are what is kept."""


STAGE_NAMES = ("tokenizer", "vae", "decoder", "text", "unet", "clip", "attributes", "midlevel", "assemble")
"""In the order in which they build on each other."""


@dataclass(frozen=True)
class Schedule:
    """Optimiser steps of one stage: AdamW with a linear warm-up, the peak, and half a cosine down to a share of it."""

    steps: int
    batch: int
    learning_rate: float
    warmup: int
    betas: tuple[float, float]
    weight_decay: float
    ema: float
    """Decay of the exponential moving average of the weights, which is what is kept; shorter in the first steps."""
    floor: float = 0.005
    """Learning rate at the end, as a share of the peak."""
    decay: float = 1.0
    """Share of the steps over which the rate falls, at the end."""
    seed: int = 0


@dataclass(frozen=True)
class VaeSettings:
    """The autoencoder: 64 x 64 pixels to 16 x 16 latents; the last quarter of its steps sees whole pictures."""

    schedule: Schedule
    widths: tuple[int, int, int] = (16, 32, 64)
    latent_channels: int = 8
    crop: int = 32
    whole_share: float = 0.25
    whole_batch: int = 3
    gradient_weight: float = 0.5
    kl_weight: float = 3e-4
    collapsed_std: float = 0.5
    """A latent channel whose posterior is wider than this (its means have deviation 1) says too little and goes."""
    held_out: int = 512
    """Scenes on which latents are standardised and the error is measured."""


@dataclass(frozen=True)
class DecoderSettings:
    """The autoencoder's decoder once more, on whole pictures, while the encoder stays as it is."""

    schedule: Schedule
    noise: float = 0.05
    """Deviation of the noise added to the latents (whose own is 1): a denoiser never hits them exactly."""


@dataclass(frozen=True)
class TextSettings:
    """The text encoder, and what reads maps of scenes from its states; both have `width`."""

    schedule: Schedule
    width: int = 128
    layers: int = 4
    heads: int = 4
    hidden: int = 512
    reader_layers: int = 2
    held_out: int = 2_048
    """Scenes of held-out compositions on which the maps are judged."""


@dataclass(frozen=True)
class ClipSettings:
    """The CLIP of scenes and captions; both towers have `width` and `layers`."""

    schedule: Schedule
    width: int = 128
    layers: int = 4
    heads: int = 4
    text_hidden: int = 512
    image_hidden: int = 384
    patch: int = 8
    held_out: int = 512


@dataclass(frozen=True)
class UnetSettings:
    """The denoiser, and the text encoder that learns with it."""

    schedule: Schedule
    widths: tuple[int, int] = (64, 128)
    heads: int = 4
    groups: int = 16
    text_rate: float = 0.7
    """Learning rate of the text encoder, as a share of the denoiser's."""
    simple: tuple[float, float] = (0.75, 0.10)
    """Share of scenes forced to be one object, at the start and at the end."""
    parts: int = 2
    """Parts of a batch that are computed side by side."""
    dropout: float = 0.10
    """Share of captions replaced by the empty one, for classifier-free guidance."""
    uniform: float = 0.25
    """Share of timesteps that are uniform; the rest have log sigma ~ N(log_sigma_mean, log_sigma_std)."""
    log_sigma_mean: float = 0.4
    log_sigma_std: float = 1.1
    buffer: int = 16_000
    """Encoded scenes to pick batches from."""
    refresh_every: int = 8
    refresh: int = 96
    """Every so many steps, so many of the oldest encoded scenes give way to new ones."""


@dataclass(frozen=True)
class AttributeSettings:
    """The judge of what a picture shows."""

    schedule: Schedule
    widths: tuple[int, int, int] = (32, 64, 96)
    features: int = 64
    spoilt: float = 0.5
    """Share of the pictures that are spoilt."""
    held_out: int = 4_096
    """New scenes on which it is judged itself."""


@dataclass(frozen=True)
class MidLevelSettings:
    """The encoder of layout."""

    schedule: Schedule
    widths: tuple[int, int, int] = (32, 64, 80)
    channels: int = 16
    features: int = 128
    held_out: int = 1_024
    """New triplets of each kind on which it is judged."""


@dataclass(frozen=True)
class Settings:
    """Everything that decides the weights, apart from the device's arithmetic."""

    name: str
    vae: VaeSettings
    decoder: DecoderSettings
    text: TextSettings
    unet: UnetSettings
    clip: ClipSettings
    attributes: AttributeSettings
    midlevel: MidLevelSettings
    start: str = ""
    """Folder of a pipeline whose autoencoder is kept and whose denoiser is the beginning; empty begins with chance."""
    captions: int = 40_000
    """Captions that the tokenizer is trained on."""
    max_tokens: int = 40
    sheet_steps: int = 65
    sheet_prompts: int = 48
    checkpoint_minutes: float = 5.0


FULL = Settings(
    name="full",
    vae=VaeSettings(Schedule(24_000, 8, 2e-3, 100, (0.9, 0.99), 1e-4, 0.998, seed=1)),
    decoder=DecoderSettings(Schedule(3_000, 8, 1e-3, 50, (0.9, 0.99), 1e-4, 0.998, seed=4)),
    text=TextSettings(Schedule(2_400, 64, 1e-3, 200, (0.9, 0.98), 0.01, 0.998, seed=3)),
    unet=UnetSettings(Schedule(22_000, 48, 1.2e-3, 200, (0.9, 0.99), 0.01, 0.9995, decay=0.3, seed=11)),
    clip=ClipSettings(Schedule(3_000, 96, 1e-3, 100, (0.9, 0.98), 0.05, 0.99, seed=2)),
    attributes=AttributeSettings(Schedule(3_000, 32, 2e-3, 100, (0.9, 0.98), 0.01, 0.998, decay=0.5, seed=5)),
    midlevel=MidLevelSettings(Schedule(1_200, 24, 1e-3, 100, (0.9, 0.98), 0.01, 0.998, decay=0.5, seed=6)),
)

SMOKE = Settings(
    name="smoke",
    vae=VaeSettings(
        Schedule(64, 4, 2e-3, 8, (0.9, 0.99), 1e-4, 0.9, seed=1), widths=(8, 16, 16), latent_channels=4, held_out=32
    ),
    decoder=DecoderSettings(Schedule(32, 8, 2e-3, 4, (0.9, 0.99), 1e-4, 0.9, seed=4)),
    text=TextSettings(
        Schedule(24, 16, 1e-3, 4, (0.9, 0.98), 0.01, 0.9, seed=3),
        **{"width": 32, "layers": 2, "hidden": 64, "reader_layers": 1, "held_out": 32},
    ),
    unet=UnetSettings(
        Schedule(40, 8, 1.2e-3, 8, (0.9, 0.99), 0.01, 0.9, decay=0.3, seed=11),
        widths=(16, 32),
        groups=8,
        buffer=64,
        refresh=16,
    ),
    clip=ClipSettings(
        Schedule(24, 16, 1e-3, 4, (0.9, 0.98), 0.05, 0.9, seed=2),
        **{"width": 32, "layers": 2, "text_hidden": 64, "image_hidden": 64, "held_out": 32},
    ),
    attributes=AttributeSettings(
        Schedule(24, 16, 2e-3, 4, (0.9, 0.98), 0.01, 0.9, seed=5), widths=(8, 16, 16), features=16, held_out=64
    ),
    midlevel=MidLevelSettings(
        Schedule(24, 8, 2e-3, 4, (0.9, 0.98), 0.01, 0.9, seed=6),
        widths=(8, 16, 16),
        channels=8,
        features=16,
        held_out=16,
    ),
    captions=2_000,
    sheet_steps=3,
    sheet_prompts=6,
)


def full_for(minutes: float, start: str = "") -> Settings:
    """Return `FULL` with its numbers of steps scaled to a training time on two CPU cores.

    Args:
        minutes: Nominal time, above 0; a faster machine needs less for the same steps.
        start: Folder of the pipeline to begin with; empty for none.
    """
    names = ("vae", "decoder", "text", "unet", "clip", "attributes", "midlevel")
    stages = {name: getattr(FULL, name) for name in names}
    scaled = {
        name: replace(stage, schedule=_scaled(stage.schedule, minutes / FULL_MINUTES)) for name, stage in stages.items()
    }
    return replace(FULL, start=start, **scaled)


def _scaled(schedule: Schedule, factor: float) -> Schedule:
    return replace(schedule, steps=max(1, round(schedule.steps * factor)))
