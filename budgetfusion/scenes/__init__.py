"""The embedded world: a small text-to-image model of procedurally drawn, captioned scenes."""

from pathlib import Path

NAME = "scenes-2"
"""The name of the embedded weights; new weights get a new one."""

WEIGHTS = Path(__file__).parent / "weights"
PIPELINE = WEIGHTS / "pipeline"
"""A folder in diffusers' format, for `StableDiffusionPipeline.from_pretrained`."""

CLIP = WEIGHTS / "clip"
"""A small CLIP of scenes and captions; the embedded metrics look through its image tower."""

ATTRIBUTES = WEIGHTS / "attributes.safetensors"
"""A judge of what a picture shows: background, shapes, colours, how many objects."""

MIDLEVEL = WEIGHTS / "midlevel.safetensors"
"""An encoder in whose space pictures of like layout are near each other."""

MEASUREMENTS = Path(__file__).parent / "measurements.parquet"
"""What was measured on the embedded model; the shipped predictor was trained on its training prompts."""

PREDICTOR = Path(__file__).parent / "predictor.safetensors"
"""The shipped predictor."""

PREDICTIONS = Path(__file__).parent / "predictions.parquet"
"""What each way of predicting says of the held-out captions; the paper's layout is narrower there, see the card."""
