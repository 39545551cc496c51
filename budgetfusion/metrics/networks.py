"""The networks through which sets of images are scored; what one says cannot be compared with what another says."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Network = Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Images (images, height, width, 3), 0..255, to features (images, width) and to probabilities of classes (images,
classes), each row of which sums to 1."""

NAMES = ("scenes", "inception")
"""'scenes': the attribute classifier of the embedded world; 'inception': Inception v3 as FID and Inception Score
have it."""

_BATCH = 32


def network(name: str) -> Network:
    """Return a network by its name, on the CPU.

    Args:
        name: One of `NAMES`.

    Raises:
        FileContentError: If the classifier of the scenes is not where it should be.
        ModuleNotFoundError: If Inception is asked for without the extra `inception`.
    """
    return _scenes() if name == "scenes" else _inception()


def _scenes() -> Network:
    from budgetfusion.scenes import attributes

    classifier = attributes.load()
    return lambda images: (classifier.features(images), classifier.probabilities(images))


def _inception() -> Network:
    """Return torch-fidelity's Inception, whose weights it fetches; its own resizing, features and logits."""
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    model = FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"])

    @torch.inference_mode()
    def look(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        seen = []
        for start in range(0, len(images), _BATCH):
            batch = torch.from_numpy(images[start : start + _BATCH]).permute(0, 3, 1, 2).contiguous()
            features, logits = model(batch)
            seen.append((features.numpy(), logits.softmax(1).numpy()))
        features, probabilities = zip(*seen, strict=True)
        return np.concatenate(features), np.concatenate(probabilities)

    return look
