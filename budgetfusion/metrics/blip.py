"""BLIP: a caption of each image."""

import torch
from PIL import Image
from transformers import BlipForConditionalGeneration

from budgetfusion.metrics import Pixels
from budgetfusion.metrics.loading import Source, load_network

HUB = "Salesforce/blip-image-captioning-base"
REVISION = "82a37760796d32b1411fe092ab5d4e227313294b"

MOST_TOKENS = 20
"""Of a caption."""

_BATCH = 16


class Blip:
    """A captioner: greedy, without a first word given, so that the same image always has the same caption.

    Args:
        source: A folder in transformers' format, or an id on the hub; BLIP base by default.
        revision: The commit on the hub.
        device: Where it computes.

    Raises:
        EncoderUnavailableError: If it cannot be loaded.

    Source:
        Li et al. 2022, arXiv:2201.12086. arXiv:2412.05780 does not name its captioner.
    """

    def __init__(self, source: Source = HUB, revision: str | None = REVISION, device: str = "cpu") -> None:
        self.device = device
        found = load_network(BlipForConditionalGeneration, source, revision, device)
        self.model, self._pictures, self._tokenizer = found

    def __call__(self, images: Pixels) -> list[str]:
        """Return a caption of each image."""
        parts = [self._captions(images[k : k + _BATCH]) for k in range(0, len(images), _BATCH)]
        return [caption for part in parts for caption in part]

    @torch.inference_mode()
    def _captions(self, images: Pixels) -> list[str]:
        inputs = self._pictures([Image.fromarray(image) for image in images], return_tensors="pt")
        tokens = self.model.generate(
            pixel_values=inputs.pixel_values.to(self.device), max_new_tokens=MOST_TOKENS, do_sample=False, num_beams=1
        )
        return [text.strip() for text in self._tokenizer.batch_decode(tokens, skip_special_tokens=True)]
