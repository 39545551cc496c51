"""The stages in their order, each begun only where it is not finished."""

from collections.abc import Callable, Sequence

import torch

from budgetfusion.scenes.training.assemble import assemble
from budgetfusion.scenes.training.attributes import train_attributes
from budgetfusion.scenes.training.clip import train_clip
from budgetfusion.scenes.training.decoder import train_decoder
from budgetfusion.scenes.training.folder import Figures, TrainingFolder
from budgetfusion.scenes.training.midlevel import train_midlevel
from budgetfusion.scenes.training.settings import STAGE_NAMES, Settings
from budgetfusion.scenes.training.text import train_text
from budgetfusion.scenes.training.tokenizer import train_tokenizer
from budgetfusion.scenes.training.unet import train_unet
from budgetfusion.scenes.training.vae import train_vae

Stage = Callable[[TrainingFolder, Settings, torch.device], Figures]

STAGES: dict[str, Stage] = {
    "tokenizer": train_tokenizer,
    "vae": train_vae,
    "decoder": train_decoder,
    "text": train_text,
    "unet": train_unet,
    "clip": train_clip,
    "attributes": train_attributes,
    "midlevel": train_midlevel,
    "assemble": assemble,
}
"""`assemble` takes seconds and leaves no result of a stage: it is done whenever it is asked for."""


def run_stages(
    folder: TrainingFolder,
    settings: Settings,
    device: torch.device,
    names: Sequence[str] = STAGE_NAMES,
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Run stages, skipping the finished ones.

    Args:
        folder: What is filled; made if it is missing.
        settings: Must be those that the folder was begun with.
        device: Where the networks compute.
        names: Some of `STAGE_NAMES`; they run in that order.
        report: Takes one line about each stage.

    Raises:
        ScenesTrainingError: If the folder must not be used, or lacks the result of a stage that is not in `names`.
        KeyboardInterrupt: If it was interrupted; the same call continues.
    """
    folder.open(settings)
    for name in STAGE_NAMES:
        if name not in names:
            continue
        if folder.is_finished(name):
            report(f"{name}: finished before")
            continue
        figures = STAGES[name](folder, settings, device)
        report(f"{name}: " + ", ".join(f"{key} {_readable(value)}" for key, value in figures.items()))


def _readable(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
