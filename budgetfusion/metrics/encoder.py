"""The embedded encoder: the encoder of layout for D-SIM, and the image tower of the scenes' CLIP for I-CLIP."""

import hashlib
from functools import cache

import numpy as np
import torch
from transformers import CLIPVisionModelWithProjection

from budgetfusion import scenes
from budgetfusion.config import digest
from budgetfusion.metrics import Encoded, Features, Pixels
from budgetfusion.metrics.captions import CaptionEncoder
from budgetfusion.metrics.clip import Clip
from budgetfusion.metrics.retrieval import Retrieval, bank
from budgetfusion.scenes import midlevel

NAME = "scenes"

_MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
_STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)
_BATCH = 64


class SceneEncoder:
    """Turns images into mid-level features (for D-SIM) and embeddings of meaning (for I-CLIP).

    Args:
        device: Where it computes.
        captions: Embeds images by their captions, too; none leaves that reading of I-CLIP out.
    """

    def __init__(self, device: str = "cpu", captions: CaptionEncoder | None = None) -> None:
        self.device = device
        self.captions = captions
        model = CLIPVisionModelWithProjection.from_pretrained(scenes.CLIP, dtype=torch.float32)
        self.model = model.eval().requires_grad_(False).to(device)
        self.midlevel = midlevel.load(device=device)

    @property
    def name(self) -> str:
        """Its name and the digest of all weights that it looks through."""
        facts = {"clip": weights_digest(self.model), "midlevel": weights_digest(self.midlevel.network)}
        return full_name(NAME, facts, self.captions)

    def __call__(self, images: Pixels) -> Encoded:
        """Encode images.

        Args:
            images: RGB, shape (images, height, width, 3), 0..255; resized to 64 x 64 if they are larger.

        Returns:
            Mid-level features, shape (images, 128); embeddings, shape (images, 128); and those of captions, likewise.
        """
        embeddings = [self._embed(images[k : k + _BATCH]) for k in range(0, len(images), _BATCH)]
        captions = self.captions(images) if self.captions else None
        return Encoded(self.midlevel.features(images), np.concatenate(embeddings), captions)

    @torch.inference_mode()
    def _embed(self, images: Pixels) -> Features:
        pixels = torch.from_numpy(images).to(self.device).permute(0, 3, 1, 2).float() / 255
        if pixels.shape[-2:] != (64, 64):
            pixels = torch.nn.functional.interpolate(pixels, (64, 64), mode="bicubic", antialias=True).clamp(0, 1)
        normal = (pixels - _MEAN.to(self.device)) / _STD.to(self.device)
        found: Features = self.model(pixel_values=normal).image_embeds.cpu().numpy()
        return found


@cache
def scene_encoder(captions: bool = False) -> SceneEncoder:
    """Return the embedded encoder on the CPU, loaded once; with `captions` it captions images, too."""
    return SceneEncoder(captions=scene_captions() if captions else None)


@cache
def scene_captions() -> CaptionEncoder:
    """Return what captions pictures of the embedded world, and embeds the captions, by the scenes' CLIP."""
    clip, texts = Clip(scenes.CLIP), bank()
    return CaptionEncoder(Retrieval(clip, texts), clip.texts, {"captions": digest([weights_digest(clip.model), texts])})


def full_name(name: str, facts: dict[str, str], captions: CaptionEncoder | None) -> str:
    """Return a name that tells an encoder from any other: what it is called, and 12 digits of a digest.

    Args:
        name: What it is called.
        facts: What D-SIM and I-CLIP look through.
        captions: What captions images, if anything.
    """
    called = f"{name}+captions" if captions else name
    return f"{called}:{digest(facts | (captions.facts if captions else {}))[:12]}"


def weights_digest(network: torch.nn.Module) -> str:
    """Return the sha256 of a network's numbers, with their names."""
    found = hashlib.sha256()
    for name, values in network.state_dict().items():
        found.update(name.encode() + b"\0" + values.cpu().numpy().tobytes())
    return found.hexdigest()
