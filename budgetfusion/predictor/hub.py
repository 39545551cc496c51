"""For model users: a predictor in a folder or on the hub, put in front of a diffusers pipeline."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
from huggingface_hub import ModelHubMixin, hf_hub_download
from huggingface_hub.errors import HFValidationError
from numpy.typing import NDArray

from budgetfusion.budgets import Budget
from budgetfusion.diffusion.adoption import adopt
from budgetfusion.diffusion.text import encode_text
from budgetfusion.errors import BudgetFusionError, ModelUnavailableError, PredictorMismatchError
from budgetfusion.plateau import Suggestion
from budgetfusion.predictor import plot
from budgetfusion.predictor.predictor import Predictor

Several = list[str] | tuple[str, ...]
FILE = "predictor.safetensors"
CARD = """---
{{ card_data }}
---

# A BudgetFusion predictor

Predicts from a prompt alone how many denoising steps it deserves, for **one** model:

| | |
|---|---|
| model digest | `{{ model_digest }}` |
| measured prompts | {{ prompts }} |
| seeds of each | {{ seeds }} |
| metrics | {{ metrics }} |
| step counts that it answers at | {{ steps }} |
| loss at the end of training | {{ loss }} |

The digest names the model's files, its scheduler, guidance, size and arithmetic; with any other it is refused, because
step counts measured on one model are guesses on another.

```python
from budgetfusion.predictor.hub import BudgetPredictor

predictor = BudgetPredictor.from_pretrained("{{ repo_id | default("FOLDER", true) }}").attached_to(pipe)
steps = predictor.predict("a red ball").num_steps
image = pipe("a red ball", num_inference_steps=steps).images[0]
```
"""


class DetachedPredictorError(BudgetFusionError):
    """A predictor was asked before it was told about which pipeline."""

    def __str__(self) -> str:
        return (
            "The predictor is attached to no pipeline: found none, expected the one whose text encoder it hears. "
            "Call predictor.attached_to(pipe) first."
        )


@dataclass(frozen=True)
class PredictedBudget:
    """What a prompt deserves, and why.

    Attributes:
        budget: The row of the budget table.
        suggestion: Plateau of each metric, which bound it, and its status.
        curves: Predicted l_snr, d_sim and i_clip at 1..129 steps, shape (3, 129), in [0, 1].
    """

    budget: Budget
    suggestion: Suggestion
    curves: NDArray[np.float64]

    @property
    def num_steps(self) -> int:
        """How many steps: what `num_inference_steps` wants."""
        return self.budget.num_steps

    def plot(self, path: Path | str) -> None:
        """Draw the curves with their plateaus to a file (SVG, PDF or PNG by its ending)."""
        plot.draw_file(Path(path), self.budget.prompt, self.curves, self.suggestion)


def _told(predictor: Predictor) -> dict[str, Any]:
    """Return what config.json says of a predictor."""
    return {"model_digest": predictor.model_digest, "network": asdict(predictor.network.config)}


class BudgetPredictor(
    ModelHubMixin,
    library_name="budgetfusion",
    tags=["text-to-image", "diffusers", "adaptive-steps"],
    license="mit",
    model_card_template=CARD,
):
    """A predictor with the hub's `from_pretrained`, `save_pretrained` and `push_to_hub`.

    Args:
        predictor: Trained with `budgetfusion train predictor`.
        pipe: The pipeline whose text encoder it hears; `attached_to` checks that it is the right one.
    """

    def __init__(self, predictor: Predictor, pipe: Any = None) -> None:
        self.predictor, self._pipe = predictor, pipe

    def attached_to(self, pipe: Any, *, guidance_scale: float = 7.5, revision: str | None = None) -> Self:
        """Return the predictor in front of a pipeline.

        Args:
            pipe: A diffusers pipeline of a kind that `load` knows; of several text encoders the first is heard.
            guidance_scale: As it will be called with.
            revision: Of the hub, if one was asked for.

        Raises:
            PredictorMismatchError: If the predictor was measured on another model or with other settings.
            SchedulerMismatchError: If the pipeline's scheduler is another.
            ModelUnavailableError: If the pipeline does not know where it came from.
        """
        model = adopt(pipe, guidance_scale, revision)
        if model.digest != self.predictor.model_digest:
            measured_on = self.predictor.model_digest
            raise PredictorMismatchError(model.config.model, model.digest, self.predictor.digest[:12], measured_on)
        return type(self)(self.predictor, pipe)

    @overload
    def predict(self, prompts: str, quantile: float | None = None) -> PredictedBudget: ...
    @overload
    def predict(self, prompts: Several, quantile: float | None = None) -> list[PredictedBudget]: ...
    def predict(self, prompts: str | Several, quantile: float | None = None) -> PredictedBudget | list[PredictedBudget]:
        """Return the budget of a prompt, or those of several.

        Args:
            prompts: One text, or some.
            quantile: As for `Predictor.suggest`.

        Raises:
            DetachedPredictorError: If no pipeline is attached.
        """
        if self._pipe is None:
            raise DetachedPredictorError
        several = [prompts] if isinstance(prompts, str) else list(prompts)
        text = encode_text(self._pipe, several)
        curves, suggestions = self.predictor.predict(text), self.predictor.suggest(text, quantile)
        rows = self.predictor.rows(several, suggestions)
        made = [PredictedBudget(*one) for one in zip(rows, suggestions, curves, strict=True)]
        return made[0] if isinstance(prompts, str) else made

    def generate_model_card(self, *args: Any, **kwargs: Any) -> Any:
        """Return the card: which model, how many prompts, and how it is used."""
        facts, config = self.predictor.facts, self.predictor.network.config
        told = {
            "model_digest": self.predictor.model_digest,
            "prompts": facts["prompts"],
            "seeds": facts["seeds"],
            "metrics": ", ".join(config.metrics),
            "steps": ", ".join(map(str, config.steps)) if len(config.steps) < 20 else f"1 to {config.steps[-1]}",
            "loss": f"{facts['loss']:.3g}",
        }
        return super().generate_model_card(*args, **(told | kwargs))

    def save_pretrained(self, save_directory: str | Path, **how: Any) -> str | None:
        """Write the predictor, its card and a config.json (which is not read again) to a folder.

        Args:
            save_directory: The folder; made if it is missing.
            how: As for huggingface_hub's `ModelHubMixin.save_pretrained`: push_to_hub, repo_id, model_card_kwargs.

        Returns:
            The address on the hub, if it was pushed.
        """
        found: str | None = super().save_pretrained(save_directory, **(how | {"config": _told(self.predictor)}))
        return found

    def _save_pretrained(self, save_directory: Path) -> None:
        self.predictor.save(save_directory / FILE)

    @classmethod
    def from_pretrained(cls, source: str | Path, **where: Any) -> Self:  # type: ignore[override] # the first by place
        """Read a predictor from a folder or the hub.

        Args:
            source: A folder, or an id on the hub.
            where: As for `hf_hub_download`: revision, cache_dir, local_files_only, token.

        Raises:
            FileContentError: If the folder holds no predictor.
            ModelUnavailableError: If the hub is not reached, or holds no predictor of this name.
        """
        if Path(source).is_dir():
            return cls(Predictor.load(Path(source) / FILE))
        try:
            return cls(Predictor.load(Path(hf_hub_download(str(source), FILE, **where))))
        except (HFValidationError, OSError) as error:  # every failure of the hub is an OSError but a malformed id
            raise ModelUnavailableError(str(source), str(error).strip().splitlines()[0].rstrip(".")) from error
