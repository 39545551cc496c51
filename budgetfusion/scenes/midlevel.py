"""An encoder of layout: pictures are near each other if they show like things in like places.

It was trained on triplets of drawn scenes whose order is known, as DreamSim was on people's judgements; it stands in
for DreamSim and does not reproduce it.

Source:
    Fu et al. 2023, arXiv:2306.09344, for the idea: a distance of features, fitted to triplets.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from budgetfusion import scenes
from budgetfusion.scenes.convolution import COARSE, Trunk, Widths, read_half, save_half, to_pixels

_BATCH = 64


@dataclass(frozen=True)
class Config:
    """Sizes of the network: the trunk's maps, the channels kept at each of 8 x 8 places, and the features."""

    widths: Widths = (32, 64, 80)
    channels: int = 16
    features: int = 128


class MidLevelNetwork(nn.Module):
    """Pictures to features; what matters of two is their angle."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.trunk = Trunk(config.widths)
        self.places = nn.Conv2d(config.widths[2], config.channels, 1)
        self.features = nn.Linear(config.channels * COARSE * COARSE, config.features)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return features, shape (batch, features), of pictures, shape (batch, 3, 64, 64), -1..1."""
        _, coarse = self.trunk(pixels)
        features: Tensor = self.features(self.places(coarse).flatten(1))
        return features.float()


class MidLevel:
    """The encoder of layout.

    Args:
        network: A trained one.
        device: Where it computes.
    """

    def __init__(self, network: MidLevelNetwork, device: str = "cpu") -> None:
        self.device = device
        self.network = network.float().eval().requires_grad_(False).to(device)

    @torch.inference_mode()
    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return features, shape (images, features); 1 - cosine of two of them is D-SIM.

        Args:
            images: RGB, shape (images, height, width, 3), 0..255, at least one; resized to 64 x 64 if need be.
        """
        parts = [images[k : k + _BATCH] for k in range(0, len(images), _BATCH)]
        return np.concatenate([self.network(to_pixels(part, self.device)).cpu().numpy() for part in parts])


def save(network: MidLevelNetwork, path: Path) -> None:
    """Write a network in half precision, with its sizes."""
    save_half(network, path, {"midlevel": json.dumps(asdict(network.config))})


@cache
def load(path: Path = scenes.MIDLEVEL, device: str = "cpu") -> MidLevel:
    """Return the encoder of a file, by default the embedded one, loaded once.

    Raises:
        FileContentError: If the file is missing or holds something else.
    """
    metadata, weights = read_half(path, "an encoder of layout", {"midlevel"})
    found = json.loads(metadata["midlevel"])
    network = MidLevelNetwork(Config(**found | {"widths": tuple(found["widths"])}))
    network.load_state_dict(weights)
    return MidLevel(network, device)
