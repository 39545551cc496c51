"""Stage `assemble`: the finished weights in half precision, as they are shipped, and a sheet of what they draw."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer

from budgetfusion.scenes.training.clip import MEAN, STD
from budgetfusion.scenes.training.folder import Figures, TrainingFolder, replacing_folder
from budgetfusion.scenes.training.noise import build_scheduler
from budgetfusion.scenes.training.settings import Settings
from budgetfusion.scenes.training.sheet import draw_sheet


def assemble(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    """Put the results of the stages together into `pipeline` and `clip`, load them again, and draw `sheet.png`.

    Returns:
        Sizes of the two folders in bytes.
    """
    tokenizer = CLIPTokenizer.from_pretrained(folder.result("tokenizer"))
    with replacing_folder(folder.path / "pipeline") as partial:
        _pipeline(folder, tokenizer).save_pretrained(partial, safe_serialization=True)
        _copy_plain(folder, partial / "tokenizer")
        _forget_origin(partial)
    with replacing_folder(folder.path / "clip") as partial:
        CLIPModel.from_pretrained(folder.result("clip") / "model").half().save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        _copy_plain(folder, partial)
        (partial / "preprocessor_config.json").write_text(json.dumps(_processor(), indent=2), encoding="utf-8")
    pipe = StableDiffusionPipeline.from_pretrained(folder.path / "pipeline").to(device, torch.float32)
    sheet = draw_sheet(pipe, settings.sheet_prompts, settings.sheet_steps)
    sheet.save(folder.path / "sheet.png")
    return {f"{name}_bytes": _size(folder.path / name) for name in ("pipeline", "clip")}


def _pipeline(folder: TrainingFolder, tokenizer: Any) -> Any:
    return StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(folder.result("decoder")).half(),
        text_encoder=CLIPTextModel.from_pretrained(folder.result("unet") / "text_encoder").half(),
        tokenizer=tokenizer,
        unet=UNet2DConditionModel.from_pretrained(folder.result("unet") / "unet").half(),
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _copy_plain(folder: TrainingFolder, target: Path) -> None:
    """Add the tokenizer's files for transformers before version 5, which saving leaves out."""
    for name in ("vocab.json", "merges.txt"):
        (target / name).write_bytes((folder.result("tokenizer") / name).read_bytes())


def _forget_origin(pipeline: Path) -> None:
    """Take out of the configurations the folder on this machine that diffusers loaded the networks from."""
    for name in ("vae", "unet"):
        file = pipeline / name / "config.json"
        config = json.loads(file.read_text(encoding="utf-8"))
        config.pop("_name_or_path", None)
        file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _processor() -> dict[str, Any]:
    """Describe how pictures are prepared for the CLIP; written by hand, for the class itself needs torchvision."""
    return {
        "image_processor_type": "CLIPImageProcessor",
        "do_resize": True,
        "size": {"shortest_edge": 64},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": 64, "width": 64},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(MEAN),
        "image_std": list(STD),
        "do_convert_rgb": True,
    }


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
