"""The embedded model, loaded once for all tests of the core."""

import pytest

from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.pipeline import Model, load


@pytest.fixture(scope="session")
def model() -> Model:
    """The embedded model on the CPU."""
    return load(GenerationConfig(), "cpu")
