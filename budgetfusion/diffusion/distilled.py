"""Models that were taught to make images in a few steps, and how they are recognised."""

import re
from typing import Any

_SAID = re.compile(r"turbo|lightning|schnell|(?<![a-z])(?:lcm|tcd|dmd2?|hyper)(?![a-z])")
_SCHEDULERS = ("LCMScheduler", "TCDScheduler")


def distillation(pipe: Any, name: str) -> str | None:
    """Return why a pipeline seems to be distilled to a few steps, or none.

    Args:
        pipe: A diffusers pipeline, with the scheduler that it came with.
        name: Folder, file or hub id; of a path only the last part speaks.
    """
    for said in (name, *(_origin(pipe, part) for part in ("unet", "transformer"))):
        if found := _SAID.search(said.rstrip("/").rsplit("/", 1)[-1].lower()):
            return f"'{found[0]}' in the name '{said.rsplit('/', 1)[-1]}'"
    if (scheduler := type(pipe.scheduler).__name__) in _SCHEDULERS:
        return f"it comes with {scheduler}"
    unet, transformer = getattr(pipe, "unet", None), getattr(pipe, "transformer", None)
    if unet is not None and unet.config.get("time_cond_proj_dim") is not None:
        return "its UNet is told the guidance scale, as those of LCM are"
    if transformer is not None and transformer.config.get("guidance_embeds") is False:
        return "its transformer is not told the guidance scale, as that of FLUX.1-schnell is not"
    return None


def _origin(pipe: Any, part: str) -> str:
    """Return where a part says that it was loaded from, without its own folder."""
    found = getattr(pipe, part, None)
    said = str(found.config.get("_name_or_path") or "") if found is not None else ""
    return said.removesuffix(f"/{part}")
