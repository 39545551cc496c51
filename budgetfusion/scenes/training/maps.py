"""Maps of scenes: which shape and colour stand in each cell of a grid, and what is behind them."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from budgetfusion.scenes.draw import Thing
from budgetfusion.scenes.grammar import COLOURS, PREPOSITIONS, SHAPES, Scene
from budgetfusion.scenes.training.settings import TextSettings

SIDE = 8
"""Cells of a map on each side; those of the denoiser's cross-attention."""

_CELLS = SIDE * SIDE
_COLOURS, _BACKGROUNDS = tuple(COLOURS), tuple(PREPOSITIONS)
_NUM_ANSWERS = {
    "shapes": 1 + len(SHAPES),
    "colours": 1 + len(COLOURS),
    "background": len(PREPOSITIONS),
    "background_colour": 1 + len(COLOURS),
}
_ABOUT_CELLS = ("shapes", "colours")


@dataclass(frozen=True)
class Maps:
    """The maps of a batch, as numbers of classes, or the logits of a reader, with the classes as the last axis.

    `shapes` and `colours`, shape (batch, 64), are 0 where nothing stands, else 1 + the place in the grammar's list;
    `background`, shape (batch,), is a place in its list; `background_colour`, shape (batch,), is 0 for its own, else
    1 + the colour's place.
    """

    shapes: Tensor
    colours: Tensor
    background: Tensor
    background_colour: Tensor


def draw_maps(scenes: list[tuple[Scene, list[Thing]]]) -> Maps:
    """Return the maps of scenes whose objects have their places."""
    cells = np.stack([_cells(things) for _, things in scenes])
    backgrounds = [_BACKGROUNDS.index(scene.background) for scene, _ in scenes]
    colours = [_colour_number(scene.background_colour) for scene, _ in scenes]
    shapes, things = torch.from_numpy(cells).flatten(2).unbind(1)
    return Maps(shapes, things, torch.tensor(backgrounds), torch.tensor(colours))


def maps_loss(read: Maps, drawn: Maps) -> Tensor:
    """Return the sum of the four mean cross-entropies of a reader's logits, a scalar with its graph."""
    pairs = [(getattr(read, field.name), getattr(drawn, field.name)) for field in fields(Maps)]
    losses = [nn.functional.cross_entropy(logits.flatten(0, -2).float(), right.flatten()) for logits, right in pairs]
    return torch.stack(losses).sum()


class MapReader(nn.Module):
    """Reads maps from the hidden states of a text encoder: each cell attends to the text and to the other cells."""

    def __init__(self, settings: TextSettings) -> None:
        super().__init__()
        self.questions = nn.Parameter(torch.randn(_CELLS + 1, settings.width) * 0.1)
        layer = nn.TransformerDecoderLayer(
            settings.width, settings.heads, 2 * settings.width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerDecoder(layer, settings.reader_layers)
        self.answers = nn.ModuleDict({name: nn.Linear(settings.width, count) for name, count in _NUM_ANSWERS.items()})

    def forward(self, states: Tensor) -> Maps:
        """Return the logits.

        Args:
            states: Shape (batch, tokens, width).
        """
        read = self.layers(self.questions.expand(len(states), -1, -1), states)
        parts = {name: read[:, :_CELLS] if name in _ABOUT_CELLS else read[:, _CELLS] for name in _NUM_ANSWERS}
        return Maps(**{name: self.answers[name](part) for name, part in parts.items()})


def _cells(things: list[Thing]) -> NDArray[np.int64]:
    """Return the numbers of shape and colour, shape (2, 8, 8), of the last thing that covers each cell's middle."""
    cells = np.zeros((2, SIDE, SIDE), dtype=np.int64)
    middles = (np.arange(SIDE) + 0.5) / SIDE
    for thing in things:
        rows, columns = (np.abs(middles - centre) <= thing.side / 2 for centre in (thing.y, thing.x))
        numbers = 1 + SHAPES.index(thing.shape), _colour_number(thing.colour)
        cells[:, rows[:, None] & columns[None, :]] = np.array(numbers)[:, None]
    return cells


def _colour_number(colour: str | None) -> int:
    return 1 + _COLOURS.index(colour) if colour else 0
