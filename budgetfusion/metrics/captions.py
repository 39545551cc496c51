"""Captions in place of images: the reading of I-CLIP that takes the paper at its word.

Source:
    arXiv:2412.05780, Eq. 4: both images are captioned, and CLIP's embeddings of the captions are compared.
"""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from budgetfusion.metrics import Features, Pixels

Captioner = Callable[[Pixels], list[str]]
"""Images to a caption of each."""

TextTower = Callable[[Sequence[str]], Features]
"""Texts to an embedding of each."""


class CaptionEncoder:
    """Embeds images by what is said of them; no image is captioned twice, and equal captions are equal to the last bit.

    Args:
        caption: The captioner.
        embed: Of the captions.
        facts: What names both, for a digest.
    """

    def __init__(self, caption: Captioner, embed: TextTower, facts: dict[str, str]) -> None:
        self.facts = facts
        self._caption, self._embed = caption, embed
        self._captions: dict[bytes, str] = {}
        self._embeddings: dict[str, Features] = {}

    def captions(self, images: Pixels) -> list[str]:
        """Return the caption of each image."""
        keys = [hashlib.sha256(str(image.shape).encode() + image.tobytes()).digest() for image in images]
        new = {key: k for k, key in enumerate(keys) if key not in self._captions}
        if new:
            self._captions |= zip(new, self._caption(images[list(new.values())]), strict=True)
        return [self._captions[key] for key in keys]

    def __call__(self, images: Pixels) -> Features:
        """Return the embedding of each image's caption, shape (images, width)."""
        captions = self.captions(images)
        if new := [caption for caption in dict.fromkeys(captions) if caption not in self._embeddings]:
            self._embeddings |= zip(new, self._embed(new), strict=True)
        return np.stack([self._embeddings[caption] for caption in captions])
