"""The embedded model, loaded once for all tests of the core, and sums that are the same everywhere."""

from collections.abc import Iterator

import pytest
import torch

from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.pipeline import Model, load


@pytest.fixture(scope="session")
def model() -> Model:
    """The embedded model on the CPU."""
    return load(GenerationConfig(), "cpu")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Sums are added up in the same order, so that equal means equal, in other processes too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
