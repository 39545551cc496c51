"""Held-out predictions of every variant and control: what `budgetfusion train table1` makes."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from budgetfusion.config import digest
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text
from budgetfusion.errors import FileContentError
from budgetfusion.metrics import BADNESS
from budgetfusion.predictions import Answers, Labels, errors
from budgetfusion.predictor import training as labelling
from budgetfusion.predictor.controls import CONTROLS, Lesson
from budgetfusion.predictor.network import CurveNetwork, NetworkConfig
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.variants import Variant, variants

Row = dict[str, Any]
Told = Callable[[int, int], None]
METRICS = tuple(BADNESS)


@dataclass(frozen=True)
class Split:
    """Rows of the measurement table, all of one model, parted by prompt."""

    train: Sequence[Row]
    test: Sequence[Row]

    @classmethod
    def of(cls, rows: Sequence[Row], held_out: Sequence[str] | None = None) -> "Split":
        """Part rows by prompt.

        Args:
            rows: All of one model.
            held_out: Prompts to ask; those that were not measured are passed over. None: one prompt in ten, by its id.

        Raises:
            FileContentError: If either side is empty.
        """
        asked = None if held_out is None else set(held_out)
        sides: tuple[list[Row], list[Row]] = ([], [])
        for row in rows:
            sides[_is_tenth(row) if asked is None else row["prompt"] in asked].append(row)
        if not all(sides):
            found = f"{len(sides[0])} rows to learn from and {len(sides[1])} held out"
            raise FileContentError("Measurements", found, "some of both", "Measure more prompts, or name others.")
        return cls(*sides)


class Table1:
    """A split, asked of every variant; trained networks are kept in a folder and not trained again.

    Args:
        model: The model that was measured: its text encoder is asked, and on its device is trained.
        split: Of its rows.
        folder: Of the checkpoints.
    """

    def __init__(self, model: Model, split: Split, folder: Path) -> None:
        self._model, self._split, self._folder = model, split, folder
        prompts, targets = labelling.curves(split.train, METRICS)
        asked, curves = labelling.curves(split.test, METRICS)
        self.labels = Labels(asked, METRICS, curves, model.digest)
        self._lesson = Lesson(prompts, self._encode(prompts), targets, asked, self._encode(asked))
        self._learned = digest([sorted({(row["prompt"], row["seed"]) for row in split.train}), model.digest])

    @property
    def text_width(self) -> int:
        """Of the text embeddings."""
        return int(self._lesson.text.shape[1])

    def answers(self, names: Sequence[str], told: Callable[[str, int, int], None], **sizes: Any) -> list[Answers]:
        """Return what variants and controls predict for the held-out prompts.

        Args:
            names: Of `variants.VARIANTS`; every control answers anyway.
            told: Called with a variant's name and how many of how many epochs are done.
            sizes: As for `variants.variants`.
        """
        made = variants(self.text_width, **sizes)
        networks = [self._asked(name, made[name], told) for name in names]
        controls = [(name, control(self._lesson)) for name, control in CONTROLS.items()]
        return [*networks, *(Answers(name, fitted.curves, fitted.digest) for name, fitted in controls)]

    def lines(self, answers: Sequence[Answers]) -> list[str]:
        """Return the mean absolute error of each variant at the measured steps, plus or minus its standard error."""
        head = f"{'MAE at the measured steps':<28}" + "".join(f"{name:>18}" for name in METRICS)
        return [head, *(self._line(one) for one in answers)]

    def _line(self, one: Answers) -> str:
        found = errors(one.predicted, self.labels.curves)["measured"]
        standard = found.std(axis=0) / max(1, len(found) - 1) ** 0.5
        cells = (f"{mean:.4f} ± {se:.4f}" for mean, se in zip(found.mean(axis=0), standard, strict=True))
        return f"{one.variant:<28}" + "".join(f"{cell:>18}" for cell in cells)

    def _asked(self, name: str, variant: Variant, told: Callable[[str, int, int], None]) -> Answers:
        predictor = self._kept_or_trained(name, variant, lambda done, total: told(name, done, total))
        size = sum(value.numel() for value in predictor.network.parameters())
        return Answers(name, predictor.predict(self._lesson.asked_text), predictor.digest, size)

    def _kept_or_trained(self, name: str, variant: Variant, told: Told) -> Predictor:
        """Return a variant that was trained before, or train it; the paper's networks are kept one by one, too."""
        path = self._folder / f"{name}.safetensors"
        key = digest([asdict(variant.network), asdict(variant.training), self._learned])
        if path.is_file() and (kept := Predictor.load(path)).facts.get("key") == key:
            return kept
        network = variant.network
        if isinstance(network, NetworkConfig) and len(network.metrics) > 1:
            fitted = self._joined(name, variant, network, told)
        else:
            fitted = self._fitted(variant, told)
        fitted.knowing(key=key).save(path)
        return Predictor.load(path)

    def _fitted(self, variant: Variant, told: Told) -> Predictor:
        total = labelling.passes(variant.network, variant.training)
        return Predictor.fit(
            self._split.train,
            self._encode,
            network=variant.network,
            training=variant.training,
            progress=lambda epoch, loss: told(epoch, total),
            device=self._model.device,
        )

    def _joined(self, name: str, variant: Variant, network: NetworkConfig, told: Told) -> Predictor:
        """Train the networks of a variant's metrics, which share nothing, each by itself."""
        parts = {
            metric: self._kept_or_trained(f"{name}.{metric}", variant.of(metric), told) for metric in network.metrics
        }
        whole = CurveNetwork(network)
        for metric, part in parts.items():
            whole.part(metric).load_state_dict(part.network.state_dict())
        return replace(part, network=whole)

    def _encode(self, prompts: Sequence[str]) -> NDArray[np.float32]:
        return encode_text(self._model.pipe, prompts)


def _is_tenth(row: Row) -> bool:
    return int(row["prompt_id"], 16) % 10 == 0
