"""The encoders that D-SIM and I-CLIP can look through; what one says cannot be compared with what another says."""

from collections.abc import Callable
from dataclasses import dataclass

from budgetfusion.metrics import Encoded, Encoder, Features, Pixels
from budgetfusion.metrics.captions import CaptionEncoder

NAMES = ("scenes", "dreamsim+clip")
"""'scenes': the embedded one, of the embedded world; 'dreamsim+clip': DreamSim and OpenAI's CLIP, of photographs."""


@dataclass(frozen=True)
class JoinedEncoder:
    """Networks of different origin as one encoder.

    Attributes:
        name: With the digest of all of them.
        features: Of layout, for D-SIM.
        embeddings: Of meaning, for I-CLIP.
        captions: Embeddings of the images' captions, if asked.
    """

    name: str
    features: Callable[[Pixels], Features]
    embeddings: Callable[[Pixels], Features]
    captions: Callable[[Pixels], Features] | None = None

    def __call__(self, images: Pixels) -> Encoded:
        """Encode images of shape (images, height, width, 3), 0..255, at least one."""
        captions = self.captions(images) if self.captions else None
        return Encoded(self.features(images), self.embeddings(images), captions)


def encoder(name: str = "scenes", *, captions: bool = False, device: str = "cpu") -> Encoder:
    """Return an encoder by its name.

    Args:
        name: One of `NAMES`.
        captions: Whether it captions images, too, for `i_clip_caption`.
        device: Where it computes; the embedded one stays on the CPU, so that its bits are those of every machine.

    Raises:
        MissingExtraError: If DreamSim is asked for without the extra `dreamsim`.
        EncoderUnavailableError: If weights cannot be loaded.
    """
    if name == "scenes":
        from budgetfusion.metrics.encoder import scene_encoder

        return scene_encoder(captions)
    return _of_photographs(captions, device)


def _of_photographs(captions: bool, device: str) -> JoinedEncoder:
    from budgetfusion.metrics import blip, clip
    from budgetfusion.metrics.dreamsim import DreamSim
    from budgetfusion.metrics.encoder import full_name

    layout, meaning = DreamSim(device), clip.Clip(device=device)
    facts = layout.facts | {"clip": f"{clip.HUB}@{clip.REVISION}"}
    said = None
    if captions:
        spoken = {"blip": f"{blip.HUB}@{blip.REVISION}, {blip.MOST_TOKENS} tokens"}
        said = CaptionEncoder(blip.Blip(device=device), meaning.texts, spoken)
    return JoinedEncoder(full_name(NAMES[1], facts, said), layout, meaning.images, said)
