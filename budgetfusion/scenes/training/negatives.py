"""Captions with one word exchanged for another of its kind: what a CLIP must learn to tell from the right ones."""

import random
import re

from budgetfusion.scenes.grammar import COLOURS, NUMBERS, SHAPES, plural

_KINDS = (tuple(COLOURS), SHAPES, tuple(map(plural, SHAPES)), NUMBERS[2:], ("above", "below"), ("left", "right"))
_KIND_OF = {word: kind for kind in _KINDS for word in kind}


def swap_word(caption: str, rng: random.Random) -> str:
    """Return a caption with one word exchanged for another shape, count, colour or relation.

    A caption without such a word comes back as it is.
    """
    places = [match for match in re.finditer(r"[a-z]+", caption) if match[0] in _KIND_OF]
    if not places:
        return caption
    place = rng.choice(places)
    other = rng.choice([word for word in _KIND_OF[place[0]] if word != place[0]])
    return caption[: place.start()] + other + caption[place.end() :]
