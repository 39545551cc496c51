"""The whole network in one file: a bidirectional LSTM over step counts, told by a text embedding what to draw."""

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from budgetfusion.steps import DENSE, KNOTS


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network.

    The paper trains one network for each metric with `hidden` 512 on all 129 step counts; the shipped predictor shares
    one small trunk and runs along the 12 measured step counts alone, between which the labels are straight lines
    anyway.
    """

    text_width: int
    steps: tuple[int, ...] = KNOTS
    metrics: tuple[str, ...] = ("l_snr", "d_sim", "i_clip")
    hidden: int = 128
    mlp_hidden: int = 128
    dropout: float = 0.3
    shared_trunk: bool = True

    @classmethod
    def paper(cls, text_width: int) -> Self:
        """Return the paper's sizes; the dropout rate, which it does not give, is the usual one of its source."""
        return cls(text_width, steps=DENSE, hidden=512, dropout=0.5, shared_trunk=False)


class CurveNetwork(nn.Module):
    """Quality at some step counts from a text embedding.

    Source:
        arXiv:2412.05780, section 3.3 and Eq. 6: the text embedding plus a learned embedding of each step count go
        through a two-layer bidirectional LSTM, dropout, a multilayer perceptron and a sigmoid.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        trunks = 1 if config.shared_trunk else len(config.metrics)
        self.trunks = nn.ModuleList(Trunk(config) for _ in range(trunks))
        self.heads = nn.ModuleList(_head(config) for _ in config.metrics)

    def forward(self, text: Tensor) -> Tensor:
        """Predict curves.

        Args:
            text: Text embeddings, shape (batch, text_width).

        Returns:
            Metric values in (0, 1), shape (batch, metrics, steps).
        """
        states = [trunk(text) for trunk in self.trunks]
        curves = [head(states[k % len(states)]).squeeze(-1) for k, head in enumerate(self.heads)]
        return torch.sigmoid(torch.stack(curves, dim=1))


class Trunk(nn.Module):
    """The recurrent part: text embeddings (batch, text_width) to states (batch, steps, 2 * hidden)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.position = nn.Embedding.from_pretrained(_waves(len(config.steps), config.text_width), freeze=False)
        self.lstm = nn.LSTM(config.text_width, config.hidden, num_layers=2, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, text: Tensor) -> Tensor:
        """Add the text to every position and run the LSTM along the step counts."""
        sequence = text[:, None, :] + self.position.weight[None]  # (batch, steps, text_width)
        states: Tensor = self.dropout(self.lstm(sequence)[0])
        return states


def _waves(length: int, width: int) -> Tensor:
    """Return sines and cosines of the places in the sequence, shape (length, width): where the learned ones start.

    Neighbouring places start alike, so curves are smooth long before the positions are learned.
    """
    position = torch.arange(length, dtype=torch.float32)[:, None]
    pace = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    return torch.stack([torch.sin(position * pace), torch.cos(position * pace)], dim=-1).flatten(1)[:, :width]


def _head(config: NetworkConfig) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2 * config.hidden, config.mlp_hidden), nn.ReLU(), nn.Linear(config.mlp_hidden, 1))
