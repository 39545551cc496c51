"""Where a study's prompts come from: a list, a file, or a sample of prompts that no model has learned from."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from budgetfusion import scenes
from budgetfusion.prompts import EmptyPromptsError, read_prompts
from stimuli.conditions import StimuliTable
from stimuli.errors import StudyFileError

KEY = "stimuli.prompts"


def prompts_of(table: StimuliTable, path: Path) -> list[str]:
    """Return the prompts of a study file's `[stimuli]`.

    Args:
        table: As it stands in the file.
        path: The study file; a prompts file is named relative to it.

    Raises:
        StudyFileError: If there are two sources, none, or a prompt that stands twice.
        EmptyPromptsError: If there is no prompt.
    """
    if (table.prompts is None) == (table.prompts_from is None):
        found = "neither" if table.prompts is None else "both"
        raise StudyFileError(path, KEY, f"found {found} of prompts and prompts_from, expected one of them")
    if (table.prompts_from is None) != (table.num_prompts is None):
        raise StudyFileError(path, "stimuli.num_prompts", "it is given exactly when prompts_from is given")
    if table.num_prompts is not None:
        return list(sample_held_out(table.num_prompts, table.prompts_seed))
    return _read(table.prompts, path) if isinstance(table.prompts, str) else _listed(table.prompts or [], path)


@cache
def sample_held_out(count: int, seed: int) -> tuple[str, ...]:
    """Return captions of the embedded world made of held-out combinations alone, spread over its strata.

    Args:
        count: How many.
        seed: Of the sample.
    """
    from budgetfusion.scenes.captions import STRATA, captions

    return tuple(captions(held_out=True, each=-(-count // len(STRATA)), seed=seed)[:count])


def origin(table: StimuliTable) -> str:
    """Say where the prompts come from, for the manifest."""
    if table.prompts_from is None:
        return "the study file; whether a model learned from them is not known"
    return (
        f"sampled from the held-out set of {scenes.NAME} with seed {table.prompts_seed}; "
        "neither the model nor its predictor learned from them"
    )


def _read(name: str, path: Path) -> list[str]:
    prompts = read_prompts(path.parent / name)
    every = (path.parent / name).read_text(encoding="utf-8-sig").splitlines()
    _refuse_repeats([line.strip() for line in every if line.strip()], path, name)
    return prompts


def _listed(prompts: Sequence[str], path: Path) -> list[str]:
    every = [prompt.strip() for prompt in prompts if prompt.strip()]
    if not every:
        raise EmptyPromptsError(path)
    _refuse_repeats(every, path, "the list")
    return every


def _refuse_repeats(prompts: Sequence[str], path: Path, where: str) -> None:
    prompt, count = Counter(prompts).most_common(1)[0]
    if count > 1:
        raise StudyFileError(path, KEY, f"'{prompt}' stands {count} times in {where}, expected each prompt once")
