"""Captions of pictures of the embedded world: the nearest of a bank, by the scenes' own CLIP.

There is no embedded captioner that writes sentences. The caption of a picture is looked up, so it is a right sentence
about something like it, and seldom the caption that it was drawn from.
"""

import random

import numpy as np

from budgetfusion.metrics import Pixels
from budgetfusion.metrics.clip import Clip
from budgetfusion.scenes.sentences import sample

BANK = 2048
"""Captions that are drawn from the grammar; the same one may be drawn twice."""


def bank(size: int = BANK, seed: int = 0) -> list[str]:
    """Return captions drawn from the grammar, each once."""
    rng = random.Random(seed)  # noqa: S311 -- nothing secret is drawn
    return list(dict.fromkeys(sample(rng).caption for _ in range(size)))


class Retrieval:
    """A captioner that picks from a bank.

    Args:
        clip: That judges how near a caption is to a picture.
        captions: The bank, at least one.
    """

    def __init__(self, clip: Clip, captions: list[str]) -> None:
        self.captions = captions
        self._clip = clip
        texts = clip.texts(captions)
        self._texts = texts / np.linalg.norm(texts, axis=1, keepdims=True)

    def __call__(self, images: Pixels) -> list[str]:
        """Return the nearest caption of each image."""
        nearest = (self._clip.images(images) @ self._texts.T).argmax(axis=1)
        return [self.captions[k] for k in nearest]
