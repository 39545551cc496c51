"""Why a model is not one that this program loads, or not one that it measures."""

from collections.abc import Sequence

from budgetfusion.errors import BudgetFusionError


class PipelineUnknownError(BudgetFusionError):
    """A model's pipeline is of a class that is not known."""

    def __init__(self, model: str, found: str, expected: Sequence[str]) -> None:
        super().__init__(model, found, expected)
        self.model, self.found, self.expected = model, found, expected

    def __str__(self) -> str:
        return (
            f"Model '{self.model}': found a {self.found}, expected {' or '.join(self.expected)}. "
            "Give another model, or images made elsewhere to `budgetfusion stimuli import`."
        )


class TextEncoderMissingError(BudgetFusionError):
    """A model has no text encoder, and the predictor hears a prompt through it."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.model = model

    def __str__(self) -> str:
        return (
            f"Model '{self.model}': found no text encoder and tokenizer, expected both, because the predictor hears "
            "a prompt through the model's own (of several, the first). Give a model that has them."
        )


class WeightsUnsafeError(BudgetFusionError):
    """Weights are pickles, which may run any program when they are read."""

    def __init__(self, path: object) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return (
            f"{self.path}: found weights as a pickle (.bin, .ckpt, .pt) alone, which may run any program when it is "
            "read, expected .safetensors. Load it with diffusers where you trust it, and "
            "pipe.save_pretrained(FOLDER) writes safetensors."
        )


class CheckpointUnknownError(BudgetFusionError):
    """A single file holds weights of an architecture whose configuration is not known."""

    def __init__(self, path: object, found: str, expected: Sequence[str]) -> None:
        super().__init__(path, found, expected)
        self.path, self.found, self.expected = path, found, expected

    def __str__(self) -> str:
        return (
            f"{self.path}: found {self.found} in a single file, expected the weights of {' or '.join(self.expected)}, "
            "whose configurations come with the program. Give a folder in diffusers' format."
        )


class StepDistilledError(BudgetFusionError):
    """A model was taught to make images in a few steps, so its curves are flat after them."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(model, reason)
        self.model, self.reason = model, reason

    def __str__(self) -> str:
        return (
            f"Model '{self.model}' is distilled to a few steps ({self.reason}), expected one that takes as many as it "
            "is given: its curves say nothing about Eq. 7. Give the model that it was distilled from, or "
            "--distilled if you mean it."
        )
