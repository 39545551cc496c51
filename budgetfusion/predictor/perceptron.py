"""Our own network: one trunk on the whole text, three heads, and curves at the measured step counts alone."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from budgetfusion.steps import KNOTS

LEAST_DEVIATION = 1e-6
"""A number of the text that varies less than this is taken as it is: its scale is not known."""

LEAST_VALUE = 1e-4
"""As near to 0 and to 1 as the first curve begins."""


@dataclass(frozen=True)
class PerceptronConfig:
    """Sizes of the network."""

    text_width: int
    steps: tuple[int, ...] = KNOTS
    metrics: tuple[str, ...] = ("l_snr", "d_sim", "i_clip")
    hidden: int = 512
    dropout: float = 0.5


class Perceptron(nn.Module):
    """Quality at the knots from a text embedding, which is standardised by what the training prompts' were.

    A head answers for all its step counts at once: twelve numbers have no need of a recurrent network to be smooth,
    and the one linear layer between text and states learns from hundreds of prompts what an LSTM wants thousands for.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: PerceptronConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.text_width))
        self.register_buffer("deviation", torch.ones(config.text_width))
        trunk = nn.Linear(config.text_width, config.hidden)
        self.trunk = nn.Sequential(trunk, nn.SiLU(), nn.Dropout(config.dropout))
        self.heads = nn.ModuleList(nn.Linear(config.hidden, len(config.steps)) for _ in config.metrics)

    @torch.no_grad()
    def settle(self, text: NDArray[np.float32], targets: NDArray[np.float64]) -> None:
        """Take over the scale of the training text, and begin at the mean training curve, whatever is heard.

        Without the second, most of the training goes by until the ends of the curves, near 0, are reached.

        Args:
            text: Embeddings, shape (prompts, text_width).
            targets: Metric values in [0, 1], shape (prompts, metrics, steps).
        """
        self.mean.copy_(torch.from_numpy(text.mean(axis=0)))
        spread = text.std(axis=0)
        self.deviation.copy_(torch.from_numpy(np.where(spread > LEAST_DEVIATION, spread, 1.0)))
        for head, curve in zip(self.heads, targets.mean(axis=0), strict=True):
            weight, bias = head.parameters()
            weight.zero_()
            bias.copy_(torch.from_numpy(curve).logit(eps=LEAST_VALUE))

    def forward(self, text: Tensor) -> Tensor:
        """Predict curves.

        Args:
            text: Text embeddings, shape (batch, text_width).

        Returns:
            Metric values in (0, 1), shape (batch, metrics, steps).
        """
        states = self.trunk((text - self.mean) / self.deviation)
        return torch.sigmoid(torch.stack([head(states) for head in self.heads], dim=1))
