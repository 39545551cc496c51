"""A small synthetic study: its manifest with images, its choices and its evaluation; and published data."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from budgetfusion.budgets import prompt_id
from budgetfusion.measurements import EVALUATION, write_table
from stimuli.manifest import CHOICE_COLUMNS, Item, Manifest, Renderer, Stimulus, write_manifest
from stimuli.store import save

PROMPTS = [f"a scene with {n} balls" for n in range(12)]
MODEL_DIGEST = "d" * 64
UNIFORM_STEPS = 14


@dataclass(frozen=True)
class Study:
    """The files of a study in one folder."""

    stimuli: Path
    choices: Path
    evaluation: Path
    manifest: Manifest
    frame: pd.DataFrame


def stimulus(folder: Path, condition: str, prompt: str, steps: int) -> Stimulus:
    """Return a stimulus of 16 x 16 noise whose image lies in the folder."""
    seed = [*prompt.encode(), steps]
    name = save(folder, np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8))
    return Stimulus(condition=condition, num_steps=steps, sha256=name, width=16, height=16, made_with="predicted")


def make_manifest(folder: Path) -> Manifest:
    """Return a manifest of 12 prompts (two with identical pixels) and one catch item; its images are written."""
    steps = [6 + 2 * n for n in range(12)]
    steps[4] = steps[7] = UNIFORM_STEPS
    items = []
    for prompt, ours in zip(PROMPTS, steps, strict=True):
        pair = {"OURS": ours, "UNIFORM": UNIFORM_STEPS}
        stimuli = {name: stimulus(folder, name, prompt, count) for name, count in pair.items()}
        items.append(
            Item(
                item_id=f"i{len(items)}",
                prompt=prompt,
                seed=0,
                purpose="identical" if ours == UNIFORM_STEPS else "main",
                reference=stimulus(folder, "REFERENCE", prompt, 65),
                stimuli=stimuli,
            )
        )
    items.append(items[0].model_copy(update={"item_id": "catch", "purpose": "catch"}))
    renderer = Renderer(
        model="scenes",
        revision=None,
        model_digest=MODEL_DIGEST,
        scheduler="euler",
        guidance_scale=7.5,
        width=16,
        height=16,
        dtype="float32",
        engine="per-prompt",
        predictor_digest="e" * 64,
        versions={"torch": "2"},
    )
    return Manifest(
        study="tiny",
        renderer=renderer,
        compare=("OURS", "UNIFORM"),
        reference_condition="REFERENCE",
        items=items,
        digests={"stimuli": "a" * 64},
    )


def make_choices(manifest: Manifest, *, mode: str = "bot", p: float = 0.65, people: int = 16) -> pd.DataFrame:
    """Return choices of `people` observers who choose OURS at rate `p`: main, repeat and catch trials."""
    rng = np.random.default_rng(7)
    main = [item for item in manifest.items if item.purpose == "main"]
    rows = []
    for person in range(people):
        taste = float(np.clip(p + rng.normal(0, 0.08), 0.02, 0.98))
        for index, item in enumerate(main):
            rows.append(_trial(manifest, item, person, index, "main", rng.random() < taste, rng))
        first = person % len(main)
        again = _trial(manifest, main[first], person, len(main), "repeat", rng.random() < taste, rng)
        rows.append(again | {"repeat_of": first})
        for extra in range(2):
            index = len(main) + 1 + extra
            catch = _trial(manifest, manifest.items[-1], person, index, "catch", True, rng)
            rows.append(catch | {"correct": True})
    flags = "simulated-perceived" if mode == "bot" else ""
    frame = pd.DataFrame(rows).assign(mode=mode, flags=flags)[list(CHOICE_COLUMNS)]
    return frame.astype({"repeat_of": "Int64", "correct": "boolean"})


def _trial(
    manifest: Manifest, item: Item, person: int, index: int, purpose: str, ours: bool, rng: np.random.Generator
) -> dict[str, Any]:
    left, right = ("OURS", "UNIFORM") if rng.random() < 0.5 else ("UNIFORM", "OURS")
    chosen = "OURS" if ours else "UNIFORM"
    return {
        "study": manifest.study,
        "study_digest": "f" * 64,
        "manifest_digest": manifest.digest,
        "participant": f"P-{person:04d}",
        "session": f"s{person}",
        "block": 0,
        "trial_index": index,
        "item_id": item.item_id,
        "prompt": item.prompt,
        "seed": item.seed,
        "purpose": purpose,
        "task": "similar-to-reference",
        "reference_condition": "REFERENCE",
        "left_condition": left,
        "right_condition": right,
        "left_num_steps": item.stimuli[left].num_steps,
        "right_num_steps": item.stimuli[right].num_steps,
        "response": "left" if left == chosen else "right",
        "chosen": chosen,
        "rt_ms": 900.0 + float(rng.integers(0, 900)),
        "correct": None,
        "repeat_of": None,
        "shown_at": "2026-11-20T10:00:00Z",
        "answered_at": "2026-11-20T10:00:01Z",
    }


def make_evaluation(*, advantage: float = 0.0, prompts: int = 12, replicates: int = 3) -> pd.DataFrame:
    """Return evaluation rows; `advantage` is what OURS' own steps add to every quality."""
    rng = np.random.default_rng(3)
    ours = rng.integers(6, 30, prompts)
    uniform = np.full(prompts, round(float(ours.mean())))
    budgets = [("OURS", 0, ours), ("UNIFORM", 0, uniform), ("REFERENCE", 0, np.full(prompts, 65))]
    budgets += [("PERMUTED", r, rng.permutation(ours)) for r in range(replicates)]
    ease = rng.uniform(0, 0.1, prompts)
    rows = []
    for rule, replicate, steps in budgets:
        for n, count in enumerate(steps):
            quality = 1.0 if rule == "REFERENCE" else float(0.8 + ease[n] + advantage * (rule == "OURS"))
            quality += 0.0 if rule == "REFERENCE" else float(rng.normal(0, 0.005))
            rows.append(_measured(n, rule, replicate, int(count), quality))
    return pd.DataFrame(rows, columns=EVALUATION.names)


def _measured(n: int, rule: str, replicate: int, steps: int, quality: float) -> dict[str, Any]:
    prompt = f"a scene with {n} balls"
    metrics = {"l_snr_db": 20.0, "l_snr": 1 - 0.4 * quality, "d_sim": 1 - quality, "i_clip": quality, "ssim": quality}
    row = {"prompt_id": prompt_id(prompt), "prompt": prompt, "seed": 0, "rule": rule, "replicate": replicate}
    cost = {"num_steps": steps, "tflop": 0.0012 * steps, "encoder": "scenes:0a1b2c3d4e5f"}
    return row | cost | metrics | {"reference": "EULER", "reference_num_steps": 65, "config_digest": MODEL_DIGEST}


@pytest.fixture(scope="session")
def published() -> Callable[[str], Path]:
    """Return where a published data set lies, by its name; skips the test where it is absent."""
    folder = Path(os.environ.get("BF_VALIDATION_DATA", Path(__file__).parents[3] / "shared" / "data"))

    def find(name: str) -> Path:
        if not (folder / name).is_file():
            pytest.skip(f"no {name} in {folder}; name the folder in BF_VALIDATION_DATA")
        return folder / name

    return find


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """The manifest of the small study."""
    return make_manifest(tmp_path / "stimuli")


@pytest.fixture
def write_study(tmp_path: Path, manifest: Manifest) -> Callable[..., Study]:
    """Write a study's files and return where they lie; arguments as of `make_choices` and `make_evaluation`."""

    def write(advantage: float = 0.0, **options: Any) -> Study:
        write_manifest(tmp_path / "stimuli", manifest)
        frame = make_choices(manifest, **options)
        frame.to_csv(tmp_path / "choices.csv", index=False)
        evaluation = make_evaluation(advantage=advantage)
        write_table(tmp_path / "evaluation.parquet", evaluation.to_dict("records"), EVALUATION)
        return Study(tmp_path / "stimuli", tmp_path / "choices.csv", tmp_path / "evaluation.parquet", manifest, frame)

    return write


@pytest.fixture
def choices_of() -> Callable[..., pd.DataFrame]:
    """The function `make_choices`."""
    return make_choices


@pytest.fixture
def evaluation_of() -> Callable[..., pd.DataFrame]:
    """The function `make_evaluation`."""
    return make_evaluation
