"""The embedded encoder: the image tower of the scenes' CLIP, seen at two depths."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import CLIPVisionModelWithProjection

from budgetfusion import scenes
from budgetfusion.scenes.midlevel import MidLevel

_MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
_STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)
_BATCH = 64


class SceneEncoder:
    """Turns images into mid-level features (for D-SIM) and embeddings of meaning (for I-CLIP)."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        model = CLIPVisionModelWithProjection.from_pretrained(scenes.CLIP, dtype=torch.float32)
        self.model = model.eval().requires_grad_(False).to(device)
        self.midlevel: MidLevel | None = None  # `midlevel.load(device=device)` from the next embedded weights on

    def __call__(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Encode images.

        Args:
            images: RGB, shape (images, height, width, 3), 0..255; resized to 64 x 64 if they are larger.

        Returns:
            Mid-level features, shape (images, 64 * 128): the patch tokens before the last layer, or, if there is an
            encoder of layout, what it says; and embeddings, shape (images, 128).
        """
        parts = [self._encode(images[k : k + _BATCH]) for k in range(0, len(images), _BATCH)]
        features, embeddings = zip(*parts, strict=True)
        return np.concatenate(features), np.concatenate(embeddings)

    @torch.inference_mode()
    def _encode(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        pixels = torch.from_numpy(images).to(self.device).permute(0, 3, 1, 2).float() / 255
        if pixels.shape[-2:] != (64, 64):
            pixels = torch.nn.functional.interpolate(pixels, (64, 64), mode="bicubic", antialias=True).clamp(0, 1)
        normal = (pixels - _MEAN.to(self.device)) / _STD.to(self.device)
        out = self.model(pixel_values=normal, output_hidden_states=True)
        patches = out.hidden_states[-2][:, 1:].flatten(1)
        features = self.midlevel.features(images) if self.midlevel else patches.cpu().numpy()
        return features, out.image_embeds.cpu().numpy()


@cache
def scene_encoder() -> SceneEncoder:
    """Return the embedded encoder on the CPU, loaded once."""
    return SceneEncoder()
