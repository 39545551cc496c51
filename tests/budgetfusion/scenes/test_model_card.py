"""The model card tells the sizes that the files have."""

from pathlib import Path

from budgetfusion import scenes

CARD = Path(scenes.__file__).parent / "MODEL_CARD.md"


def test_the_card_names_the_weights_and_their_sizes() -> None:
    """Every weight file's size in bytes stands in the card."""
    text = CARD.read_text(encoding="utf-8")
    sizes = [f"{path.stat().st_size:,}" for path in scenes.WEIGHTS.rglob("*.safetensors")]

    assert scenes.NAME in text
    assert [size for size in sizes if size not in text] == []
