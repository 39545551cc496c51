"""CLIP: images and texts in one space of meaning."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from transformers import CLIPModel

from budgetfusion.metrics import Features, Pixels
from budgetfusion.metrics.loading import Source, load_network

HUB = "openai/clip-vit-large-patch14"
REVISION = "32bd64288804d66eefd0ccbe215aa642df71cc41"

_IMAGES, _TEXTS = 16, 64  # in a batch


class Clip:
    """A CLIP with its own resizing and tokens.

    Args:
        source: A folder in transformers' format, or an id on the hub; OpenAI's ViT-L/14 by default.
        revision: The commit on the hub.
        device: Where it computes.

    Raises:
        EncoderUnavailableError: If it cannot be loaded.

    Source:
        Radford et al. 2021, arXiv:2103.00020; reference 45 of arXiv:2412.05780, which does not say which size.
    """

    def __init__(self, source: Source = HUB, revision: str | None = REVISION, device: str = "cpu") -> None:
        self.device = device
        self.model, self._pictures, self._tokenizer = load_network(CLIPModel, source, revision, device)

    @torch.inference_mode()
    def images(self, images: Pixels) -> Features:
        """Return the embedding of each image, shape (images, width)."""
        return np.concatenate([self._images(images[k : k + _IMAGES]) for k in range(0, len(images), _IMAGES)])

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> Features:
        """Return the embedding of each text, shape (texts, width); of a long one only the beginning is heard."""
        return np.concatenate([self._texts(list(texts[k : k + _TEXTS])) for k in range(0, len(texts), _TEXTS)])

    def _images(self, images: Pixels) -> Features:
        inputs = self._pictures([Image.fromarray(image) for image in images], return_tensors="pt")
        found: Features = self.model.get_image_features(**inputs.to(self.device)).pooler_output.cpu().numpy()
        return found

    def _texts(self, texts: list[str]) -> Features:
        # padding to the full length gives every batch one shape, so a text's bits do not depend on longer neighbours
        inputs = self._tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")
        found: Features = self.model.get_text_features(**inputs.to(self.device)).pooler_output.cpu().numpy()
        return found
