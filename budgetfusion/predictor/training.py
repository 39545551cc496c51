"""Labels from the measurement table, and the loop that fits the network to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from budgetfusion.errors import BudgetFusionError
from budgetfusion.predictor.network import CurveNetwork
from budgetfusion.steps import KNOTS, interpolate


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is fitted; the paper has batch 32, learning rate 1e-4, 25 to 50 epochs and 16,545 prompts."""

    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 2e-3
    validation_share: float = 0.1
    seed: int = 0


class IncompleteMeasurementsError(BudgetFusionError):
    """Some prompt was not measured at every knot."""

    def __init__(self, prompt: str, found: int) -> None:
        super().__init__(prompt, found)
        self.prompt, self.found = prompt, found

    def __str__(self) -> str:
        return (
            f"Prompt '{self.prompt}' has {self.found} measured step counts, expected {len(KNOTS)} for each seed. "
            "Run `budgetfusion measure` to its end."
        )


def curves(rows: Sequence[dict[str, Any]], metrics: Sequence[str]) -> tuple[list[str], NDArray[np.float64]]:
    """Average the seeds of each prompt and spread the knots over 1..129 steps.

    Args:
        rows: Of the measurement table.
        metrics: Which columns.

    Returns:
        The prompts, in order of first appearance, and their curves, shape (prompts, metrics, 129).

    Raises:
        IncompleteMeasurementsError: If a prompt and seed lacks a knot.

    Source:
        arXiv:2412.05780, Eq. 5 (mean over seeds) and section 3.2 (interpolation).
    """
    values: dict[str, dict[int, list[list[float]]]] = {}
    for row in rows:
        at = values.setdefault(row["prompt"], {knot: [] for knot in KNOTS})
        at[row["num_steps"]].append([row[name] for name in metrics])
    for prompt, at in values.items():
        if len({len(seeds) for seeds in at.values()}) > 1:
            raise IncompleteMeasurementsError(prompt, sum(bool(seeds) for seeds in at.values()))
    measured = np.array([[np.mean(at[knot], axis=0) for knot in KNOTS] for at in values.values()])
    return list(values), interpolate(measured.swapaxes(1, 2), np.array(KNOTS))


def fit(
    network: CurveNetwork,
    text: NDArray[np.float32],
    targets: NDArray[np.float64],
    config: TrainingConfig,
    progress: Callable[[int, float], None] = lambda epoch, loss: None,
) -> list[float]:
    """Fit the network by least squares and keep its best weights on a validation share of the prompts (all, if none).

    Args:
        network: Changed in place.
        text: Text embeddings, shape (prompts, text_width).
        targets: Metric values in [0, 1], shape (prompts, metrics, 129).
        config: How.
        progress: Called after each epoch with its number and the validation loss.

    Returns:
        The validation loss (mean squared error) after each epoch.
    """
    rng = np.random.default_rng(config.seed)
    order = rng.permutation(len(text))
    held = int(len(order) * config.validation_share)
    judged = order[:held] if held else order
    x, y = torch.from_numpy(text), torch.from_numpy(targets.astype(np.float32))
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.epochs)
    losses: list[float] = []
    best = network.state_dict()
    for epoch in range(config.epochs):
        _run_epoch(network, optimizer, x, y, rng.permutation(order[held:]), config.batch_size)
        schedule.step()
        losses.append(_validation_loss(network, x[judged], y[judged]))
        if losses[-1] == min(losses):
            best = {name: value.clone() for name, value in network.state_dict().items()}
        progress(epoch + 1, losses[-1])
    network.load_state_dict(best)
    return losses


def _run_epoch(
    network: CurveNetwork,
    optimizer: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    order: NDArray[np.int64],
    batch_size: int,
) -> None:
    network.train()
    for start in range(0, len(order), batch_size):
        batch = torch.from_numpy(order[start : start + batch_size])
        loss = F.mse_loss(network(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()


@torch.inference_mode()
def _validation_loss(network: CurveNetwork, x: torch.Tensor, y: torch.Tensor) -> float:
    network.eval()
    return float(F.mse_loss(network(x), y))
