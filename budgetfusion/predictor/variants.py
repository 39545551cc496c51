"""The paper's networks, their ablations and ours: the rows of Table 1 that are trained."""

from dataclasses import dataclass, replace
from typing import Any

from budgetfusion.predictor.network import NetworkConfig
from budgetfusion.predictor.perceptron import PerceptronConfig
from budgetfusion.predictor.training import PAPER, Precision, TrainingConfig

ABLATIONS: dict[str, dict[str, Any]] = {
    "paper": {},
    "paper-sinusoidal": {"position": "sinusoidal"},
    "without-t": {"position": "none"},
    "without-text": {"hears_text": False},
    "mlp-tanh": {"body": "mlp"},
}
"""What each differs in from the paper's layout."""

VARIANTS = (*ABLATIONS, "ours")
"""By the name that they have in the prediction table."""


@dataclass(frozen=True)
class Variant:
    """One way to lay out and to train a network."""

    network: NetworkConfig | PerceptronConfig
    training: TrainingConfig

    def of(self, metric: str) -> "Variant":
        """Return the part of one metric."""
        return replace(self, network=replace(self.network, metrics=(metric,)))


def variants(
    text_width: int,
    *,
    hidden: int = 512,
    epochs: int | None = None,
    precision: Precision = "float32",
    seed: int = 0,
) -> dict[str, Variant]:
    """Return every variant by the name that it has in the prediction table.

    'paper' is the paper's layout with BERT's learned positions; 'paper-sinusoidal' has the Transformer's; 'without-t'
    hears no step count and 'without-text' no text; 'mlp-tanh' is a perceptron at each position, with as many parameters
    within 5 %; 'ours' is the shipped layout.

    Args:
        text_width: Of the model's text embeddings.
        hidden: Of the paper's layout: 512, or less for tests and for machines without a GPU.
        epochs: Of the paper's layout (twice as many for I-CLIP, as the paper has it); 25 if none.
        precision: In which the paper's layout learns, see `TrainingConfig`.
        seed: Of the first weights and of the order of the prompts.

    Source:
        arXiv:2412.05780, section 3.3 and Table 1. Its text takes away the text embedding and its table the encoding of
        t, so both are here.
    """
    paper = NetworkConfig(text_width, hidden=hidden)
    training = replace(PAPER, epochs=epochs or PAPER.epochs, precision=precision, seed=seed)
    made = {name: Variant(replace(paper, **changed), training) for name, changed in ABLATIONS.items()}
    return made | {"ours": Variant(PerceptronConfig(text_width), TrainingConfig(seed=seed))}
