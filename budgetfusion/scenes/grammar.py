"""The embedded world: what can be in a scene, and the words for it.

`sentences` makes scenes of it with their captions; `draw` makes pictures of scenes.
"""

from dataclasses import dataclass

Region = tuple[float, float, float, float]
"""Left, top, right, bottom of a part of the picture, as fractions of its side."""

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (214, 40, 40),
    "green": (46, 160, 67),
    "blue": (40, 92, 214),
    "yellow": (250, 214, 50),
    "orange": (245, 140, 40),
    "purple": (132, 60, 180),
    "pink": (245, 140, 185),
    "brown": (125, 78, 45),
    "black": (25, 25, 28),
    "white": (246, 246, 244),
    "grey": (135, 138, 142),
    "cyan": (70, 200, 215),
}
SHAPES = (
    *("ball", "box", "star", "triangle", "ring", "heart", "tree", "house"),
    *("person", "car", "flower", "boat", "bird", "cloud", "kite", "cup"),
    *("cow", "airplane"),
)
NATURAL: dict[str, tuple[str, ...]] = {
    "heart": ("red", "pink"),
    "tree": ("green",),
    "cloud": ("white", "grey"),
    "cow": ("black", "white", "brown"),
    "airplane": ("white", "grey", "blue", "red"),
    "house": ("white", "brown", "red", "yellow", "grey"),
    "star": ("yellow", "white", "orange"),
}
"""The colours of shapes that have some of their own; any other may have any where the caption names none."""

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight")
SIZES = {"small": 0.68, "": 1.0, "big": 1.3}
QUANTITIES = {"a pair of": (2,), "a couple of": (2,), "a few": (3,), "several": (4, 5), "a group of": (4, 5, 6)}
"""Words for a number that need not be exact, and the numbers that they stand for."""

_PLURALS = {"box": "boxes", "person": "people"}

PREPOSITIONS: dict[str, tuple[str, ...]] = {
    "wall": ("in front of", "on"),
    "sky": ("in", "against"),
    "field": ("on", "in"),
    "road": ("on",),
    "sea": ("on", "by"),
    "beach": ("on", "at"),
    "night sky": ("in", "under"),
    "room": ("in",),
    "brick wall": ("in front of", "on"),
    "striped wall": ("in front of", "on"),
    "checkered floor": ("on",),
    "park": ("in",),
    "city": ("in",),
    "table": ("on",),
    "street": ("on", "across", "in"),
    "airport": ("at",),
}
"""Every background, with the words that put an object before it."""

_ANY = tuple(COLOURS)
BACKGROUND_COLOURS: dict[str, tuple[float, tuple[str, ...]]] = {
    "wall": (1.0, _ANY),
    "striped wall": (1.0, _ANY),
    "checkered floor": (1.0, _ANY),
    "field": (0.6, ("green", "yellow", "brown", "white", "purple")),
    "sky": (0.5, ("blue", "orange", "pink", "grey", "purple", "cyan")),
    "table": (0.5, _ANY),
    "room": (0.5, _ANY),
    "brick wall": (0.4, ("grey", "brown", "red", "white")),
    "sea": (0.3, ("green", "cyan", "blue")),
    "road": (0.4, ("grey", "black", "brown")),
}
"""Probability that the caption names the background's colour, and which colours it may have."""

RELATIONS: dict[str, tuple[Region, Region]] = {
    "above": ((0.08, 0.04, 0.92, 0.5), (0.08, 0.5, 0.92, 0.96)),
    "below": ((0.08, 0.5, 0.92, 0.96), (0.08, 0.04, 0.92, 0.5)),
    "to the left of": ((0.02, 0.15, 0.5, 0.92), (0.5, 0.15, 0.98, 0.92)),
    "to the right of": ((0.5, 0.15, 0.98, 0.92), (0.02, 0.15, 0.5, 0.92)),
    "next to": ((0.02, 0.2, 0.5, 0.94), (0.5, 0.2, 0.98, 0.94)),
    "and": ((0.02, 0.2, 0.5, 0.94), (0.5, 0.2, 0.98, 0.94)),
}
CROWDS: dict[str, tuple[str, ...]] = {
    "park": ("person", "tree", "flower", "kite", "bird"),
    "city": ("person", "car", "house", "bird", "kite"),
    "street": ("person", "car", "cow", "bird"),
    "airport": ("person", "airplane", "car"),
    "field": ("flower", "tree", "cow", "person", "bird"),
    "sky": ("ball", "kite", "bird", "cloud", "airplane"),
    "night sky": ("star", "bird", "airplane"),
    "sea": ("boat", "bird"),
    "beach": ("person", "ball", "kite", "boat"),
    "room": ("cup", "box", "ball", "person"),
    "table": ("cup", "flower", "ball", "box"),
    "road": ("car", "person", "cow"),
    "wall": ("heart", "star", "ring", "triangle", "ball"),
    "brick wall": ("heart", "star", "ring", "box"),
    "striped wall": ("heart", "star", "ring"),
    "checkered floor": ("ball", "box", "cup", "triangle"),
}
"""What may crowd which background."""


@dataclass(frozen=True)
class Group:
    """Objects of one kind in a scene; `colour` none draws each in a colour of its own."""

    count: int
    size: str
    colour: str | None
    shape: str


@dataclass(frozen=True)
class Scene:
    """One captioned scene: a background and groups of objects, each in its region.

    `crowd` is how many objects of the only group are scattered over the picture (0: none are, and each group has a
    region).
    """

    caption: str
    background: str
    background_colour: str | None
    groups: tuple[Group, ...] = ()
    regions: tuple[Region, ...] = ()
    crowd: int = 0

    @property
    def num_objects(self) -> int:
        """How many objects are drawn."""
        return self.crowd or sum(group.count for group in self.groups)

    @property
    def composition(self) -> frozenset[tuple[str, str, str]]:
        """The combinations (background, shape, count) that the scene is made of."""
        if self.crowd:
            return frozenset({(self.background, self.groups[0].shape, "crowd")})
        if not self.groups:
            return frozenset({(self.background, f"{self.background_colour} and nothing", "0")})
        return frozenset((self.background, group.shape, str(group.count)) for group in self.groups)


def plural(shape: str) -> str:
    """Return the word for several of a shape."""
    return _PLURALS.get(shape, shape + "s")
