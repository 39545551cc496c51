"""The predictor: fitted on one model's measurements, asked with text alone, and refused to any other model."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from budgetfusion.budgets import Budget, prompt_id
from budgetfusion.errors import FileContentError
from budgetfusion.files import replacing
from budgetfusion.metrics import BADNESS
from budgetfusion.plateau import Suggestion, suggest
from budgetfusion.predictor import spread
from budgetfusion.predictor import training as fitting
from budgetfusion.predictor.interpolation import monotone
from budgetfusion.predictor.network import CurveNetwork, NetworkConfig
from budgetfusion.predictor.perceptron import Perceptron, PerceptronConfig
from budgetfusion.predictor.training import TrainingConfig
from budgetfusion.steps import interpolate

TextEncoder = Callable[[Sequence[str]], NDArray[np.float32]]
"""Prompts to text embeddings, shape (prompts, width)."""


LAYOUTS: dict[str, type[NetworkConfig] | type[PerceptronConfig]] = {
    "CurveNetwork": NetworkConfig,
    "Perceptron": PerceptronConfig,
}
"""The sizes that a predictor's file holds, by the class of its network."""


@dataclass(frozen=True)
class Predictor:
    """A fitted network with the digest of the model that it was measured on."""

    network: CurveNetwork | Perceptron
    model_digest: str
    facts: dict[str, Any]
    digest: str = ""

    @classmethod
    def fit(
        cls,
        rows: Sequence[dict[str, Any]],
        encode: TextEncoder,
        *,
        network: NetworkConfig | PerceptronConfig | None = None,
        training: TrainingConfig | None = None,
        progress: Callable[[int, float], None] = lambda epoch, loss: None,
        device: str = "cpu",
    ) -> Self:
        """Fit a predictor on rows of the measurement table, all of one model.

        Args:
            rows: Of the measurement table.
            encode: The text encoder of the model that was measured.
            network: The paper's layout or ours; `PerceptronConfig` unless given.
            training: How; see `TrainingConfig`.
            progress: Called after each epoch with its number and the loss.
            device: Where it is fitted.

        Raises:
            IncompleteMeasurementsError: If a prompt lacks a knot.
        """
        training = training or TrainingConfig()
        prompts, targets = fitting.curves(rows, network.metrics if network else tuple(BADNESS))
        text = encode(prompts)
        torch.manual_seed(training.seed)
        net = _network(network or PerceptronConfig(text.shape[1]))
        lesson = (text, targets[:, :, np.array(net.config.steps) - 1])
        if isinstance(net, CurveNetwork):
            losses = fitting.fit_apart(net, *lesson, training, progress, device)
        else:
            net.settle(*lesson)
            losses = fitting.fit(net, *lesson, training, progress, device)
        facts = {"prompts": len(prompts), "seeds": len({row["seed"] for row in rows}), "loss": losses[-1]}
        return cls(net, rows[0]["config_digest"], facts | {"training": asdict(training)})

    @torch.inference_mode()
    def predict(self, text: NDArray[np.float32]) -> NDArray[np.float64]:
        """Predict metric values.

        Args:
            text: Text embeddings, shape (prompts, text_width).

        Returns:
            Shape (prompts, metrics, 129), in (0, 1).
        """
        self.network.eval()
        curves: NDArray[np.float64] = self.network(torch.from_numpy(text)).double().numpy()
        spread_over = interpolate if isinstance(self.network, CurveNetwork) else monotone
        return spread_over(curves, np.array(self.network.config.steps))

    def suggest(self, text: NDArray[np.float32], quantile: float | None = None) -> list[Suggestion]:
        """Return the suggested number of steps for each text embedding.

        Args:
            text: Shape (prompts, text_width).
            quantile: In (0, 1): so many steps that the t* of this share of images is no larger, see `spread`; none: t*
                of the predicted curves.

        Raises:
            FileContentError: If a quantile is asked for and the predictor was fitted without a spread.
        """
        names = self.network.config.metrics
        found = [
            suggest({name: BADNESS[name](curve) for name, curve in zip(names, prompt, strict=True)})
            for prompt in self.predict(text)
        ]
        if quantile is None:
            return found
        if "spread" not in self.facts:
            remedy = "Run `budgetfusion train predictor` again, or leave the quantile out."
            raise FileContentError(f"Predictor {self.digest[:12]}", "no spread of t*", "one", remedy)
        ratio = spread.ratio_at(self.facts["spread"], quantile)
        return [replace(one, num_steps=spread.scaled(one.num_steps, ratio)) for one in found]

    def budgets(
        self, prompts: Sequence[str], encode: TextEncoder, model_digest: str, quantile: float | None = None
    ) -> list[Budget]:
        """Return the rows of the budget table for rule OURS; `quantile` as for `suggest`."""
        return self.rows(prompts, self.suggest(encode(prompts), quantile), model_digest)

    def rows(
        self, prompts: Sequence[str], suggestions: Sequence[Suggestion], model_digest: str | None = None
    ) -> list[Budget]:
        """Return the rows of the budget table for what was suggested, by default for the model that was measured."""
        digest = model_digest or self.model_digest
        return [self._budget(*one, digest) for one in zip(prompts, suggestions, strict=True)]

    def knowing(self, **facts: Any) -> Self:
        """Return the predictor with more facts, which are saved with it."""
        return replace(self, facts=self.facts | facts)

    def save(self, path: Path) -> None:
        """Write the predictor as safetensors, all of it or none."""
        metadata = {
            "model_digest": self.model_digest,
            "layout": type(self.network).__name__,
            "network": json.dumps(asdict(self.network.config)),
            "facts": json.dumps(self.facts, sort_keys=True),
        }
        tensors = {name: value.contiguous() for name, value in self.network.state_dict().items()}
        with replacing(path) as partial:
            save_file(tensors, partial, metadata=metadata)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a predictor written by `save`.

        Raises:
            FileContentError: If the file is missing or holds no predictor.
        """
        remedy = "Run `budgetfusion train` to make one."
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 -- not a dict
            config, layout = json.loads(metadata["network"]), LAYOUTS[metadata["layout"]]
        except FileNotFoundError as error:
            raise FileContentError(path, "no file", "a predictor", remedy) from error
        except (SafetensorError, KeyError, TypeError) as error:
            raise FileContentError(path, "no predictor", "a predictor", remedy) from error
        network = _network(layout(**(config | {key: tuple(config[key]) for key in ("steps", "metrics")})))
        network.load_state_dict(tensors)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        return cls(network, metadata["model_digest"], json.loads(metadata["facts"]), found)

    def _budget(self, prompt: str, suggestion: Suggestion, model_digest: str) -> Budget:
        steps = {f"t_{name}": plateau.num_steps for name, plateau in suggestion.plateaus.items()}
        return Budget(
            prompt_id=prompt_id(prompt),
            prompt=prompt,
            rule="OURS",
            t_l_snr=steps.get("t_l_snr"),
            t_d_sim=steps.get("t_d_sim"),
            t_i_clip=steps.get("t_i_clip"),
            num_steps=suggestion.num_steps,
            bound_by=suggestion.bound_by,
            status=suggestion.status,
            predictor_digest=self.digest,
            model_digest=model_digest,
        )


def _network(config: NetworkConfig | PerceptronConfig) -> CurveNetwork | Perceptron:
    return CurveNetwork(config) if isinstance(config, NetworkConfig) else Perceptron(config)
