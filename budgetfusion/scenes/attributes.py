"""What a picture of the embedded world shows, judged by a small network: background, shapes, colours, how many.

The network was trained on drawn scenes, clean and slightly spoilt, so that it can judge generated ones. It stands in
for Inception in FID-scenes and IS-scenes.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from budgetfusion import scenes
from budgetfusion.errors import FileContentError
from budgetfusion.scenes.convolution import COARSE, FINE, Trunk, Widths, activated, read_half, save_half, to_pixels
from budgetfusion.scenes.grammar import COLOURS, PREPOSITIONS, SHAPES, Group, Region, Scene

COUNTS = 10
"""Classes of the number of objects: 0 to 8, and more."""

_BATCH = 64
_WHOLE: Region = (0.0, 0.0, 1.0, 1.0)
_FEW = -4.5  # softplus(-4.5) * 256 places = 2.8
Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Config:
    """Sizes of the network, and the names of its classes, in their order."""

    widths: Widths = (32, 64, 96)
    features: int = 64
    backgrounds: tuple[str, ...] = tuple(PREPOSITIONS)
    shapes: tuple[str, ...] = SHAPES
    colours: tuple[str, ...] = tuple(COLOURS)


@dataclass(frozen=True)
class Outputs:
    """What the network says of pictures, before any softmax; `places` and `features` are described in `Seen`."""

    features: Tensor
    backgrounds: Tensor
    shapes: Tensor
    colours: Tensor
    counts: Tensor
    shape_map: Tensor
    colour_map: Tensor
    density: Tensor


@dataclass(frozen=True)
class Seen:
    """What pictures show: probabilities, the first axis being the pictures.

    Attributes:
        features: Of the whole picture, shape (pictures, features).
        backgrounds: Shape (pictures, backgrounds), rows summing to 1.
        shapes: That there is an object of this shape, shape (pictures, shapes), each in [0, 1].
        colours: That there is an object of this colour, likewise.
        counts: Of 0 to 8 objects and of more, shape (pictures, 10), rows summing to 1.
        shape_map: Of no object (first) and of each shape at each place, shape (pictures, 1 + shapes, 16, 16).
        colour_map: Of no object (first) and of each colour, likewise.
    """

    features: Numbers
    backgrounds: Numbers
    shapes: Numbers
    colours: Numbers
    counts: Numbers
    shape_map: Numbers
    colour_map: Numbers


class AttributeNetwork(nn.Module):
    """Pictures to attributes: some of the whole picture, some of each of 16 x 16 places."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        _, fine, coarse = config.widths
        self.trunk = Trunk(config.widths)
        self.context = nn.Conv2d(coarse, fine, 1)
        self.before = nn.Sequential(*activated(fine))
        self.places = nn.Conv2d(fine, 3 + len(config.shapes) + len(config.colours), 1)
        self.pooled = nn.Linear(2 * coarse, config.features)
        self.whole = nn.Linear(config.features, len(config.backgrounds) + len(config.shapes) + len(config.colours))
        self.sharpness = nn.Parameter(torch.tensor(4.0))
        assert self.places.bias is not None  # noqa: S101 -- for the type checker
        nn.init.constant_(self.places.bias[-1:], _FEW)

    def forward(self, pixels: Tensor) -> Outputs:
        """Judge pictures of shape (batch, 3, 64, 64), -1..1; the answers are in single precision."""
        fine, coarse = self.trunk(pixels)
        context = F.interpolate(self.context(coarse), scale_factor=FINE // COARSE)
        places = self.places(self.before(fine + context)).float()
        features = F.silu(self.pooled(torch.cat([coarse.mean(dim=(2, 3)), coarse.amax(dim=(2, 3))], dim=1)))
        names = (len(self.config.backgrounds), len(self.config.shapes), len(self.config.colours))
        backgrounds, shapes, colours = self.whole(features).float().split(names, dim=1)
        shape_map, colour_map, density = places.split((1 + names[1], 1 + names[2], 1), dim=1)
        density = F.softplus(density[:, 0])
        return Outputs(
            features=features.float(),
            backgrounds=backgrounds,
            shapes=shapes + _strongest(shape_map),
            colours=colours + _strongest(colour_map),
            counts=_counts(density.sum(dim=(1, 2)), self.sharpness),
            shape_map=shape_map,
            colour_map=colour_map,
            density=density,
        )


class Attributes:
    """The judge of pictures.

    Args:
        network: A trained one.
        device: Where it computes.
    """

    def __init__(self, network: AttributeNetwork, device: str = "cpu") -> None:
        self.device, self.config = device, network.config
        self.network = network.float().eval().requires_grad_(False).to(device)

    @torch.inference_mode()
    def see(self, images: NDArray[np.uint8]) -> Seen:
        """Judge images.

        Args:
            images: RGB, shape (images, height, width, 3), 0..255, at least one; resized to 64 x 64 if need be.
        """
        found = [self._see(images[k : k + _BATCH]) for k in range(0, len(images), _BATCH)]
        return Seen(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def features(self, images: NDArray[np.uint8]) -> Numbers:
        """Return what FID-scenes compares, shape (images, 64), of images as `see` takes them."""
        return self.see(images).features

    def probabilities(self, images: NDArray[np.uint8]) -> Numbers:
        """Return what IS-scenes scores: probabilities of the pairs of a background and a main shape, or none.

        Returns:
            Shape (images, backgrounds * (1 + shapes)), rows summing to 1. The main shape is the one that fills most of
            the picture; it and the background are taken as independent.
        """
        seen = self.see(images)
        filled = seen.shape_map[:, 1:].sum(axis=(2, 3)) + 1e-6
        shares = filled / filled.sum(axis=1, keepdims=True)
        empty = seen.counts[:, :1]
        main = np.concatenate([empty, (1 - empty) * shares], axis=1)
        pairs: Numbers = (seen.backgrounds[:, :, None] * main[:, None]).reshape(len(main), -1)
        return pairs

    def _see(self, images: NDArray[np.uint8]) -> tuple[Numbers, ...]:
        out = self.network(to_pixels(images, self.device))
        found = (
            *(out.features, out.backgrounds.softmax(dim=1), out.shapes.sigmoid(), out.colours.sigmoid()),
            *(out.counts.softmax(dim=1), out.shape_map.softmax(dim=1), out.colour_map.softmax(dim=1)),
        )
        return tuple(part.cpu().numpy() for part in found)


def main_group(scene: Scene) -> tuple[Group, Region] | None:
    """Return the main group of a scene, the one that its caption names first, and where it stands; none of none.

    A crowd stands everywhere.
    """
    return (scene.groups[0], (*scene.regions, _WHOLE)[0]) if scene.groups else None


def main_class(places: Numbers, region: Region) -> int:
    """Return which class fills most of a region of one picture: an index into `Config.shapes` or `Config.colours`.

    Args:
        places: Of one picture, shape (1 + classes, 16, 16), as in `Seen.shape_map`.
        region: Of the group, as fractions of the picture's side.
    """
    left, top, right, bottom = (round(edge * FINE) for edge in region)
    return int(places[1:, top : max(bottom, top + 1), left : max(right, left + 1)].sum(axis=(1, 2)).argmax())


def save(network: AttributeNetwork, path: Path) -> None:
    """Write a network in half precision, with the names of its classes."""
    save_half(network, path, {"attributes": json.dumps(asdict(network.config))})


@cache
def load(path: Path = scenes.ATTRIBUTES, device: str = "cpu") -> Attributes:
    """Return the judge of a file, by default the embedded one, loaded once.

    Raises:
        FileContentError: If the file is missing, or holds something else, or knows other classes than the grammar.
    """
    metadata, weights = read_half(path, "an attribute classifier", {"attributes"})
    found: dict[str, Any] = json.loads(metadata["attributes"])
    classes = {name: tuple(found[name]) for name in ("backgrounds", "shapes", "colours")}
    config = Config(tuple(found["widths"]), found["features"], **classes)
    own = Config()
    if (config.backgrounds, config.shapes, config.colours) != (own.backgrounds, own.shapes, own.colours):
        remedy = "Run `python -m budgetfusion.scenes.training --stages attributes` to make one."
        raise FileContentError(path, "an attribute classifier of another grammar", "one of this grammar", remedy)
    network = AttributeNetwork(config)
    network.load_state_dict(weights)
    return Attributes(network, device)


def _strongest(places: Tensor) -> Tensor:
    """Return the log odds of each class (but none) where they are highest, shape (batch, classes)."""
    logits = places.log_softmax(dim=1)[:, 1:].flatten(2)
    odds = logits - torch.log1p(-logits.exp().clamp(max=1 - 1e-6))
    return odds.amax(dim=2)


def _counts(total: Tensor, sharpness: Tensor) -> Tensor:
    """Turn a number that is not whole into log probabilities of 0 to 8 and more, before they are normalised."""
    classes = torch.arange(COUNTS, device=total.device)
    away = total[:, None] - classes
    too_few = away[:, -1:].clamp(max=0)  # nothing is too many for the last class
    away = torch.cat([away[:, :-1], too_few], dim=1)
    return -F.softplus(sharpness) * ((1 + away.square()).sqrt() - 1)
