"""Predictors that a network has to beat: they hear less of the text, or hear it plainly."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
PENALTIES = np.logspace(-3, 5, 33)


@dataclass(frozen=True)
class Fitted:
    """Predicted curves of the asked prompts, shape (prompts, metrics, steps), and the digest of what was fitted."""

    curves: Numbers
    digest: str


@dataclass(frozen=True)
class Lesson:
    """What a control learns from, and what it is asked.

    Attributes:
        prompts: Training prompts.
        text: Their embeddings, shape (prompts, width).
        targets: Their curves, shape (prompts, metrics, steps), in [0, 1].
        asked: Held-out prompts.
        asked_text: Their embeddings.
    """

    prompts: Sequence[str]
    text: NDArray[np.float32]
    targets: Numbers
    asked: Sequence[str]
    asked_text: NDArray[np.float32]


def mean_curve(lesson: Lesson) -> Fitted:
    """Predict the mean training curve for every prompt: what can be known without any text."""
    mean = lesson.targets.mean(axis=0)
    return Fitted(np.repeat(mean[None], len(lesson.asked), axis=0), _digest(mean))


def mean_value(lesson: Lesson) -> Fitted:
    """Predict each metric's mean over prompts and steps: what can be known without text and without steps."""
    mean = lesson.targets.mean(axis=(0, 2), keepdims=True)
    return Fitted(np.broadcast_to(mean, (len(lesson.asked), *lesson.targets.shape[1:])).copy(), _digest(mean))


def prompt_length(lesson: Lesson) -> Fitted:
    """Predict by a straight line, at each step count, on the number of words and the number of letters."""
    return _regressed(_lengths(lesson.prompts), _lengths(lesson.asked), lesson.targets, penalty=0.0)


def ridge(lesson: Lesson) -> Fitted:
    """Predict by ridge regression on the text embedding; the penalty by leave-one-out error on the training prompts."""
    text, asked = lesson.text.astype(np.float64), lesson.asked_text.astype(np.float64)
    return _regressed(text, asked, lesson.targets, best_penalty(text, lesson.targets.reshape(len(text), -1)))


CONTROLS: dict[str, Callable[[Lesson], Fitted]] = {
    "mean-curve": mean_curve,
    "mean-value": mean_value,
    "prompt-length": prompt_length,
    "ridge": ridge,
}
"""By the name that they have in the prediction table."""


def best_penalty(text: Numbers, targets: Numbers) -> float:
    """Return which of `PENALTIES` has the least leave-one-out squared error.

    Args:
        text: Shape (prompts, width).
        targets: Shape (prompts, outputs).

    Source:
        Allen 1974, PRESS: leave-one-out residuals in closed form, here from one singular value decomposition.
    """
    left, singular, _ = np.linalg.svd(text - text.mean(axis=0), full_matrices=False)
    centred = targets - targets.mean(axis=0)
    inside = left.T @ centred
    losses = []
    for penalty in PENALTIES:
        kept = singular**2 / (singular**2 + penalty)
        residual = centred - left @ (kept[:, None] * inside)
        leverage = (left**2) @ kept + 1 / len(text)
        losses.append(float(np.square(residual / (1 - leverage)[:, None]).mean()))
    return float(PENALTIES[int(np.argmin(losses))])


def _regressed(features: Numbers, asked: Numbers, targets: Numbers, penalty: float) -> Fitted:
    """Fit one line for each output, and answer within [0, 1]."""
    flat = targets.reshape(len(targets), -1)
    middle, level = features.mean(axis=0), flat.mean(axis=0)
    gram = (features - middle).T @ (features - middle) + penalty * np.eye(features.shape[1])
    slopes = np.linalg.lstsq(gram, (features - middle).T @ (flat - level), rcond=None)[0]
    curves = np.clip(level + (asked - middle) @ slopes, 0.0, 1.0).reshape(len(asked), *targets.shape[1:])
    return Fitted(curves, _digest(middle, level, slopes))


def _lengths(prompts: Sequence[str]) -> Numbers:
    return np.array([[len(prompt.split()), len(prompt)] for prompt in prompts], dtype=np.float64)


def _digest(*fitted: Numbers) -> str:
    found = hashlib.sha256()
    for numbers in fitted:
        found.update(np.ascontiguousarray(numbers).tobytes())
    return found.hexdigest()
