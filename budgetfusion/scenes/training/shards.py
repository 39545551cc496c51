"""A batch in parts: each part's loss in a thread of its own, the gradients added up.

Small networks gain nothing from more threads for one operation; two halves of a batch side by side keep two cores busy.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

Loss = Callable[[], Tensor]
"""Computes a scalar with its graph."""


def backward(losses: Sequence[Loss]) -> float:
    """Add the gradients of some losses to those of the weights, and return the sum of the losses.

    The sum of two gradients does not depend on which came first, so with up to two parts a step can be repeated bit for
    bit.
    """
    if len(losses) == 1:
        return _backward(losses[0])
    with ThreadPoolExecutor(len(losses), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return sum(pool.map(_backward, losses))


def _backward(loss: Loss) -> float:
    value = loss()
    value.backward()
    return value.item()
