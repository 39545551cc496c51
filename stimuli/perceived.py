"""What a simulated observer perceives: the metric distance of each stimulus to its reference.

The sidecar lies beside the manifest and is never served: the observer computes the pixel hash of what it was shown
and looks its distance up, so it knows nothing that is not in the pixels.
"""

from pathlib import Path

from budgetfusion.files import write_text
from stimuli.errors import ManifestError
from stimuli.manifest import Record

PERCEIVED_NAME = "perceived.json"


class Perceived(Record):
    """Distances between images, by their pixels."""

    metric: str
    distances: dict[str, float]

    def distance(self, reference: str, stimulus: str) -> float:
        """Return the distance of the stimulus to the reference, both named by the sha256 of their pixels.

        Raises:
            KeyError: If the pair was never compared.
        """
        return 0.0 if reference == stimulus else self.distances[f"{reference}:{stimulus}"]


def write_perceived(folder: Path, perceived: Perceived) -> None:
    """Write the sidecar into a stimuli folder, all of it or none."""
    write_text(folder / PERCEIVED_NAME, perceived.model_dump_json(indent=1) + "\n")


def read_perceived(folder: Path) -> Perceived:
    """Read the sidecar of a stimuli folder.

    Raises:
        ManifestError: If it is absent.
    """
    path = folder / PERCEIVED_NAME
    if not path.is_file():
        raise ManifestError(path, "file is missing")
    return Perceived.model_validate_json(path.read_bytes())
