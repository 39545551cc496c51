"""What fixes an image: the generation settings, and the digest that names them."""

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


def digest(value: Any) -> str:
    """Return the sha256 (64 hexadecimal digits) of a JSON-like value, independent of key order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class GenerationConfig(BaseModel):
    """Settings that change the pixels of an image; the study file's `[generation]` table.

    The number of steps and the seed are not here: they belong to each image.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field("scenes", description="scenes (embedded), another name, a folder, a file, or a hub id")
    revision: str | None = Field(None, description="hub revision; a folder or file is named by its digest instead")
    scheduler: Literal["euler"] = Field(
        "euler", description="Euler, linspace spacing (arXiv:2412.05780, section 3.1), or of the model's flow"
    )
    guidance_scale: float = Field(7.5, ge=0, description="classifier-free guidance; the paper does not give it")
    height: int | None = Field(None, gt=0, description="pixels; none: the model's own size")
    width: int | None = Field(None, gt=0, description="pixels; none: the model's own size")
    dtype: Literal["float32", "bfloat16", "float16"] = Field("float32", description="arithmetic of the denoiser")

    def digest_for(self, weights: str) -> str:
        """Return the model digest: these settings, and `weights`, the digest of the model's files, for its name."""
        return digest({**self.model_dump(exclude={"model", "revision"}), "weights": weights})
