"""The paper's network in one file: a bidirectional LSTM over step counts, told by a text embedding what to draw."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from budgetfusion.steps import DENSE


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network: the paper's, and what its Table 1 takes away.

    `position` says how a step count enters: 'learned' embeddings that start at random, as BERT's do; 'sinusoidal'
    ones, which are never learned; or 'none'. `hears_text` may be switched off, and `body` exchanged for a perceptron at
    each position. The rate of the dropout, which the paper does not give, is the usual one of its source. Smaller
    `hidden` is for tests and for machines without a GPU.
    """

    text_width: int
    steps: tuple[int, ...] = DENSE
    metrics: tuple[str, ...] = ("l_snr", "d_sim", "i_clip")
    hidden: int = 512
    mlp_hidden: int = 128
    dropout: float = 0.5
    position: Literal["learned", "sinusoidal", "none"] = "learned"
    hears_text: bool = True
    body: Literal["lstm", "mlp"] = "lstm"


class CurveNetwork(nn.Module):
    """Quality at some step counts from a text embedding: one network for each metric, which share nothing.

    Source:
        arXiv:2412.05780, section 3.3 and Eq. 6: the text embedding plus a learned embedding of each step count go
        through a two-layer bidirectional LSTM, dropout, a multilayer perceptron and a sigmoid.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.trunks = nn.ModuleList(Trunk(config) for _ in config.metrics)
        self.heads = nn.ModuleList(_head(config) for _ in config.metrics)

    def forward(self, text: Tensor) -> Tensor:
        """Predict curves.

        Args:
            text: Text embeddings, shape (batch, text_width).

        Returns:
            Metric values in (0, 1), shape (batch, metrics, steps).
        """
        curves = [head(trunk(text)).squeeze(-1) for trunk, head in zip(self.trunks, self.heads, strict=True)]
        return torch.sigmoid(torch.stack(curves, dim=1))

    def part(self, metric: str) -> "CurveNetwork":
        """Return the network of one metric: it shares this one's weights, and nothing with the other metrics'.

        Args:
            metric: One of the configuration's.
        """
        k = self.config.metrics.index(metric)
        part = CurveNetwork(replace(self.config, metrics=(metric,)))
        part.trunks, part.heads = self.trunks[k : k + 1], self.heads[k : k + 1]
        return part


class Trunk(nn.Module):
    """The body below the heads: text embeddings (batch, text_width) to states (batch, steps, 2 * hidden)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.hears_text = config.hears_text
        self.position = _positions(config)
        lstm = nn.LSTM(config.text_width, config.hidden, num_layers=2, bidirectional=True, batch_first=True)
        if config.body == "lstm":
            self.lstm: nn.Module = lstm
        else:
            self.mlp = _perceptron(config, sum(value.numel() for value in lstm.parameters()))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, text: Tensor) -> Tensor:
        """Add the text to every position, and run the body along the step counts."""
        heard = text if self.hears_text else torch.zeros_like(text[:1])  # alike for every prompt: run once
        sequence = heard[:, None, :] + self.position.weight[None]  # (batch or 1, steps, text_width)
        states: Tensor = self.lstm(sequence)[0] if hasattr(self, "lstm") else self.mlp(sequence)
        dropped: Tensor = self.dropout(states.expand(len(text), -1, -1))
        return dropped


def _positions(config: NetworkConfig) -> nn.Embedding:
    """Return what is added to the text at each step count; 'none' adds nothing, and learns nothing."""
    length, width = len(config.steps), config.text_width
    if config.position == "learned":
        embedding = nn.Embedding(length, width)
        nn.init.normal_(embedding.weight, std=0.02)  # as BERT starts its own (arXiv:1810.04805)
        return embedding
    start = torch.zeros(length, width) if config.position == "none" else _waves(length, width)
    fixed: nn.Embedding = nn.Embedding.from_pretrained(start)
    return fixed


def _perceptron(config: NetworkConfig, parameters: int) -> nn.Sequential:
    """Return a perceptron with Tanh for each position by itself, with about so many parameters as the LSTM has."""
    width, states = config.text_width, 2 * config.hidden
    middle = max(1, round((parameters - states) / (width + states + 1)))
    return nn.Sequential(nn.Linear(width, middle), nn.Tanh(), nn.Linear(middle, states), nn.Tanh())


def _waves(length: int, width: int) -> Tensor:
    """Return sines and cosines of the places in the sequence, shape (length, width) (arXiv:1706.03762, section 3.5)."""
    position = torch.arange(length, dtype=torch.float32)[:, None]
    pace = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    return torch.stack([torch.sin(position * pace), torch.cos(position * pace)], dim=-1).flatten(1)[:, :width]


def _head(config: NetworkConfig) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2 * config.hidden, config.mlp_hidden), nn.ReLU(), nn.Linear(config.mlp_hidden, 1))
