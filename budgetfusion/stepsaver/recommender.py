"""From a prompt to a step count of the grid: an ordinal head or a Huber head on features of the text."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from budgetfusion.errors import ModelUnavailableError

Head = Literal["ordinal", "huber"]
Features = Callable[[Sequence[str]], NDArray[np.float32]]
"""Prompts to features, shape (prompts, width)."""

WORDS = 512
MAX_TOKENS = 77


@dataclass(frozen=True)
class RecommenderConfig:
    """How the head is fitted: AdamW with a tenth of warm-up, then down a line to 0."""

    head: Head = "ordinal"
    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 1e-2
    weight_decay: float = 1e-2
    seed: int = 0


class Recommender:
    """A fitted recommender.

    Args:
        features: Of the text: `bag_of_words`, or `distilbert` of a model.
        grid: Step counts, rising.
        config: How it is fitted.
    """

    def __init__(self, features: Features, grid: Sequence[int], config: RecommenderConfig | None = None) -> None:
        self._features, self._grid = features, np.array(grid)
        self._config = config or RecommenderConfig()
        self._head: nn.Module = nn.Identity()

    def fit(self, prompts: Sequence[str], num_steps: Sequence[int]) -> "Recommender":
        """Learn the labels of some prompts; each must be a step count of the grid."""
        torch.manual_seed(self._config.seed)
        x = torch.from_numpy(self._features(prompts))
        y = torch.from_numpy(np.searchsorted(self._grid, np.array(num_steps)))
        self._head = nn.Linear(x.shape[1], self._outputs)
        nn.init.zeros_(self._head.weight)
        self._begin(y.float())
        steps = self._config.epochs * -(-len(x) // self._config.batch_size)
        rate, decay = self._config.learning_rate, self._config.weight_decay
        optimizer = torch.optim.AdamW(self._head.parameters(), lr=rate, weight_decay=decay)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: min((k + 1) / (0.1 * steps), 1 - k / steps))
        rng = np.random.default_rng(self._config.seed)
        for _ in range(self._config.epochs):
            for batch in torch.from_numpy(rng.permutation(len(x))).split(self._config.batch_size):
                optimizer.zero_grad()
                self._loss(self._head(x[batch]), y[batch]).backward()
                optimizer.step()
                schedule.step()
        return self

    @torch.inference_mode()
    def recommend(self, prompts: Sequence[str]) -> NDArray[np.int64]:
        """Return a step count of the grid for each prompt; between two, the larger, to be safe."""
        told = self._head(torch.from_numpy(self._features(prompts)))
        place = (
            torch.sigmoid(told).gt(0.5).sum(1) if self._config.head == "ordinal" else (told[:, 0] * self._scale).ceil()
        )
        found: NDArray[np.int64] = self._grid[place.long().clamp(0, len(self._grid) - 1).numpy()]
        return found

    @property
    def _outputs(self) -> int:
        return len(self._grid) - 1 if self._config.head == "ordinal" else 1

    @property
    def _scale(self) -> float:
        """Places in one unit of the Huber head, so that its weights are of the size of one."""
        return len(self._grid) / 2

    def _begin(self, places: Tensor) -> None:
        """Start where the text says nothing: at the share of labels above each step count, or at their median."""
        if self._config.head == "huber":
            start = places.median()[None] / self._scale
        else:
            above = torch.stack([(places > k).float().mean() for k in range(self._outputs)])
            start = torch.logit(above.clamp(0.01, 0.99))
        with torch.no_grad():
            self._head.bias.copy_(start)  # type: ignore[operator] # torch types every module's attribute alike

    def _loss(self, told: Tensor, places: Tensor) -> Tensor:
        if self._config.head == "huber":
            return F.huber_loss(told[:, 0] * self._scale, places.float())
        above = (places[:, None] > torch.arange(self._outputs)).float()
        return F.binary_cross_entropy_with_logits(told, above)


def bag_of_words(prompts: Sequence[str]) -> NDArray[np.float32]:
    """Return which words a prompt has, each hashed to one of 512 places, and how many: needs no weights and no network.

    Returns:
        Shape (prompts, 513).
    """
    found = np.zeros((len(prompts), WORDS + 1), dtype=np.float32)
    for row, prompt in zip(found, prompts, strict=True):
        words = prompt.lower().split()
        row[[zlib.crc32(word.encode()) % WORDS for word in words]] = 1.0
        row[-1] = len(words) / 10
    return found


def distilbert(source: str = "distilbert-base-uncased", *, local_only: bool = False) -> Features:
    """Return the mean state of DistilBERT over a prompt's tokens, at most 77 of them, as features; it is not tuned.

    Args:
        source: A folder, or an id on the hub.
        local_only: Do not ask the hub.

    Raises:
        ModelUnavailableError: If the model is not there, or the hub is not reached.
    """
    from transformers import AutoModel, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local_only)
        model = AutoModel.from_pretrained(source, local_files_only=local_only).eval()
    except (OSError, ValueError) as error:
        raise ModelUnavailableError(source, str(error).strip().splitlines()[0].rstrip(".")) from error

    @torch.inference_mode()
    def features(prompts: Sequence[str]) -> NDArray[np.float32]:
        tokens = tokenizer(list(prompts), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        states, seen = model(**tokens).last_hidden_state, tokens.attention_mask[..., None]
        mean: NDArray[np.float32] = ((states * seen).sum(1) / seen.sum(1)).float().numpy()
        return mean

    return features


@dataclass(frozen=True)
class Judged:
    """How good recommendations are: mean absolute error in steps, and shares within one bin and below the label."""

    mae: float
    within_one_bin: float
    too_few: float


def judge(recommended: NDArray[np.int64], labels: NDArray[np.int64], grid: Sequence[int]) -> Judged:
    """Compare step counts with labels of the grid, each shape (prompts,)."""
    bins = np.abs(np.searchsorted(grid, recommended) - np.searchsorted(grid, labels))
    gap = recommended - labels
    return Judged(float(np.abs(gap).mean()), float((bins <= 1).mean()), float((gap < 0).mean()))
