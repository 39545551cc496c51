"""Labels from the measurement table, and the loop that fits the network to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from budgetfusion.errors import BudgetFusionError
from budgetfusion.predictor.network import CurveNetwork, NetworkConfig
from budgetfusion.predictor.perceptron import Perceptron, PerceptronConfig
from budgetfusion.steps import KNOTS, interpolate

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is fitted, by Adam and least squares; the defaults suit ours and some hundred prompts.

    `rate` says whether the learning rate falls to 0 along a cosine or stays. `precision` is that of the products while
    the network learns; weights, losses and whatever it predicts are float32.
    """

    epochs: int = 80
    batch_size: int = 32
    learning_rate: float = 2e-3
    validation_share: float = 0.0
    rate: Literal["cosine", "constant"] = "cosine"
    precision: Precision = "float32"
    seed: int = 0


PAPER = TrainingConfig(epochs=25, learning_rate=1e-4, validation_share=0.05, rate="constant")
"""As arXiv:2412.05780, section 3.3, trains; the optimizer (Adam) and the best of a validation share are ours."""

EPOCHS_TIMES = {"i_clip": 2}
"""The paper trains the network of I-CLIP for 50 epochs and the others for 25."""


def passes(network: NetworkConfig | PerceptronConfig, training: TrainingConfig) -> int:
    """Return how many epochs a fit counts, over all networks that are fitted apart."""
    if isinstance(network, PerceptronConfig):
        return training.epochs
    return sum(training.epochs * EPOCHS_TIMES.get(metric, 1) for metric in network.metrics)


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
    network: CurveNetwork | Perceptron,
    text: NDArray[np.float32],
    targets: NDArray[np.float64],
    config: TrainingConfig,
    progress: Callable[[int, float], None] = lambda epoch, loss: None,
    device: str = "cpu",
) -> list[float]:
    """Fit the network; with a validation share, keep its best weights on it, else the last.

    Args:
        network: Changed in place.
        text: Text embeddings, shape (prompts, text_width).
        targets: Metric values in [0, 1], shape (prompts, metrics, steps), at the network's step counts.
        config: How.
        progress: Called after each epoch with its number and the loss.
        device: Where it is fitted; the network is on the CPU afterwards.

    Returns:
        The loss after each epoch, on the validation share if there is one, else on the training prompts.
    """
    rng = np.random.default_rng(config.seed)
    order = rng.permutation(len(text))
    held = int(len(order) * config.validation_share)
    judged = order[:held] if held else order
    x, y = torch.from_numpy(text).to(device), torch.from_numpy(targets.astype(np.float32)).to(device)
    network.to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    schedule = _schedule(optimizer, config)
    losses: list[float] = []
    best = network.state_dict()
    for epoch in range(config.epochs):
        for batch in torch.from_numpy(rng.permutation(order[held:])).split(config.batch_size):
            optimizer.zero_grad()
            with torch.autocast(x.device.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
                predicted = network.train()(x[batch])
            F.mse_loss(predicted.float(), y[batch]).backward()
            optimizer.step()
        schedule.step()
        losses.append(_loss(network, x[judged], y[judged]))
        if not held or losses[-1] == min(losses):
            best = {name: value.clone() for name, value in network.state_dict().items()}
        progress(epoch + 1, losses[-1])
    network.load_state_dict(best)
    network.cpu()
    return losses


def fit_apart(
    network: CurveNetwork,
    text: NDArray[np.float32],
    targets: NDArray[np.float64],
    config: TrainingConfig,
    progress: Callable[[int, float], None] = lambda epoch, loss: None,
    device: str = "cpu",
) -> list[float]:
    """Fit the paper's networks as the paper does: one metric after the other, each with its own epochs.

    Args:
        network: Changed in place.
        text: As for `fit`.
        targets: As for `fit`.
        config: How; `EPOCHS_TIMES` multiplies its epochs.
        progress: Called after each epoch with its number, counted over all metrics, and the loss.
        device: As for `fit`.

    Returns:
        The last loss of each metric.
    """
    last, before = [], 0
    for k, metric in enumerate(network.config.metrics):
        part = network.part(metric)
        own = replace(config, epochs=config.epochs * EPOCHS_TIMES.get(metric, 1))
        told = partial(_after, before, progress)
        last.append(fit(part, text, targets[:, k : k + 1], own, told, device)[-1])
        before += own.epochs
    return last


def _after(before: int, progress: Callable[[int, float], None], epoch: int, loss: float) -> None:
    progress(before + epoch, loss)


def _schedule(optimizer: torch.optim.Optimizer, config: TrainingConfig) -> torch.optim.lr_scheduler.LRScheduler:
    if config.rate == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.epochs)


@torch.inference_mode()
def _loss(network: CurveNetwork | Perceptron, x: Tensor, y: Tensor) -> float:
    network.eval()
    return float(F.mse_loss(network(x), y))
