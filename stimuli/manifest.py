"""THE CONTRACT: what is shown (`Item`, `Stimulus`, `Manifest`) and what was chosen (`Choice`).

Everything before the manifest may know about diffusion; everything after it knows only these records.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from budgetfusion.config import digest
from budgetfusion.files import write_text
from stimuli.errors import ManifestError

Purpose = Literal["main", "practice", "catch", "repeat", "identical", "check"]
Mode = Literal["preview", "pilot", "live", "bot"]
ImageFormat = Literal["png", "webp"]
Sha256 = Field(pattern=r"^[0-9a-f]{64}$")

OBVIOUS = "OBVIOUS"
"""The condition of the obviously worse side of practice and catch items."""

SAME = "SAME"
"""The condition of the other side of an item that was meant to be identical."""

INSTRUCTED, OTHER = "INSTRUCTED", "OTHER"
"""The conditions of a check item: the card that says to choose it, and the one that says not to."""

MANIFEST_NAME = "manifest.json"
IMAGES_FOLDER = "images"


_LATER = ("prompts_from", "image_format")  # fields younger than manifests that choices already name by their digest


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Stimulus(Record):
    """One image, named by its decoded pixels."""

    condition: str
    num_steps: int | None = Field(description="denoising steps; none for an image made elsewhere")
    sha256: str = Sha256
    width: int = Field(gt=0, description="pixels")
    height: int = Field(gt=0, description="pixels")
    made_with: str = Field(description="how the image was made: a rule, or 'obvious', 'blocks', 'card'")


class Item(Record):
    """One line of a study's material: a prompt, a seed and the images that may be compared."""

    item_id: str
    prompt: str
    seed: int
    purpose: Purpose
    reference: Stimulus | None
    stimuli: dict[str, Stimulus] = Field(description="condition -> stimulus; the images that are judged")


class Renderer(Record):
    """What made the images; of images made elsewhere it knows what was done with them here."""

    model: str = Field(description="'made elsewhere' where no image was made here")
    revision: str | None
    model_digest: str = Field(description="empty where no image was made here")
    scheduler: str | None
    guidance_scale: float | None
    width: int = Field(description="pixels, of the first image")
    height: int = Field(description="pixels, of the first image")
    dtype: str | None
    engine: str = Field(
        description="'slots-16': 16 images in every batch; 'per-prompt': one pipeline call for each; or 'import'"
    )
    predictor_digest: str | None
    versions: dict[str, str]


class Manifest(Record):
    """Everything that a study shows; frozen, and named by its digest."""

    schema_version: Literal[1] = 1
    study: str
    renderer: Renderer
    compare: tuple[str, str] = Field(description="the first pair: its first condition's selections are counted")
    reference_condition: str | None
    prompts_from: str | None = Field(
        None, description="where the prompts come from, and which models learned from them"
    )
    image_format: ImageFormat = "png"
    items: list[Item]
    digests: dict[str, str] = Field(description="digests of the study file's tables that made these images")

    @property
    def digest(self) -> str:
        """The sha256 of the whole manifest, 64 hexadecimal digits; a later field counts once it says something."""
        silent = {name for name in _LATER if getattr(self, name) == type(self).model_fields[name].default}
        return digest(self.model_dump(mode="json", exclude=silent))

    def pairs(self) -> list[tuple[str, str]]:
        """Return the pairs of conditions that main trials compare, in order of first appearance."""
        judged = (tuple(item.stimuli) for item in self.items if item.purpose in ("main", "identical"))
        return list(dict.fromkeys((pair[0], pair[1]) for pair in judged if SAME not in pair))

    def stimuli(self) -> list[Stimulus]:
        """Return every image once, in order of first appearance, references included."""
        every = [s for item in self.items for s in [item.reference, *item.stimuli.values()] if s is not None]
        return list({s.sha256: s for s in every}.values())


class Choice(Record):
    """One row for each trial, in the order of the exported columns; the analyst's only input about people.

    The raw response and both sides stand beside `chosen`, which the server decodes once.
    """

    study: str
    study_digest: str = Field(description="digest of the [design] and [texts] tables")
    manifest_digest: str
    mode: Mode = Field(description="'bot' marks a simulated observer")
    participant: str = Field(description="a pseudonym, e.g. P-0041")
    session: str
    block: int
    trial_index: int = Field(description="0-based position among the session's trials")
    item_id: str
    prompt: str
    seed: int
    purpose: Purpose
    task: str
    reference_condition: str | None
    left_condition: str
    right_condition: str
    left_num_steps: int | None
    right_num_steps: int | None
    response: Literal["left", "right", "tie", "skip"]
    chosen: str | None = Field(description="condition of the chosen side; none for tie and skip")
    rt_ms: float = Field(description="painted onset to response, milliseconds, the participant's clock")
    correct: bool | None = Field(description="for practice, catch and check trials only")
    repeat_of: int | None = Field(description="trial_index of the first showing")
    flags: str = Field(description="comma-separated marks, e.g. 'simulated-perceived', 'simulated-planted'")
    shown_at: str = Field(description="UTC, ISO 8601")
    answered_at: str = Field(description="UTC, ISO 8601, the server's clock")


UNBLINDED = "unblinded-early"
"""The flag of choices whose conditions were looked at before their study was closed."""

CHOICE_COLUMNS: tuple[str, ...] = tuple(Choice.model_fields)


def image_path(folder: Path, sha256: str, image_format: ImageFormat = "png") -> Path:
    """Return where the image with these pixels lies below a stimuli folder."""
    return folder / IMAGES_FOLDER / f"{sha256}.{image_format}"


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """Write the manifest into a stimuli folder, all of it or none, and return its path."""
    path = folder / MANIFEST_NAME
    write_text(path, manifest.model_dump_json(indent=2) + "\n")
    return path


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a stimuli folder.

    Raises:
        ManifestError: If it is absent, not valid, or of a schema version that this program does not know.
    """
    path = folder / MANIFEST_NAME
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ManifestError(path, "file is missing") from error
    except ValidationError as error:
        raise ManifestError(path, _first_fault(error)) from error


def _first_fault(error: ValidationError) -> str:
    fault: Any = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{error.error_count()} fault(s), the first at '{where}' ({fault['msg']})"
