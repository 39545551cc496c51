"""The captions of the embedded world: what can be in a scene, and the sentence that says so.

A scene is drawn from its record by `draw`, and its caption is all that the text encoder ever sees.
"""

import random
import re
from dataclasses import dataclass
from functools import cache

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
)
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight")
SIZES = {"small": 0.68, "": 1.0, "big": 1.3}
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
}
"""Every background, with the words that put an object before it."""

_WALL_COLOURS = tuple(COLOURS)
_BACKGROUND_COLOURS: dict[str, tuple[float, tuple[str, ...]]] = {
    "wall": (1.0, _WALL_COLOURS),
    "striped wall": (1.0, _WALL_COLOURS),
    "checkered floor": (1.0, _WALL_COLOURS),
    "field": (0.6, ("green", "yellow", "brown", "white", "purple")),
    "sky": (0.5, ("blue", "orange", "pink", "grey", "purple", "cyan")),
    "table": (0.5, _WALL_COLOURS),
    "room": (0.5, _WALL_COLOURS),
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
CROWDS = (
    ("park", "person", "a colorful park with a crowd"),
    ("park", "person", "a crowd of people in a park"),
    ("city", "car", "a busy city street full of cars"),
    ("city", "person", "a busy city with many people"),
    ("field", "flower", "a garden full of colorful flowers"),
    ("sky", "ball", "a sky full of colorful balloons"),
    ("sea", "boat", "a busy sea with many boats"),
    ("beach", "person", "a crowded beach with many people"),
    ("room", "cup", "a messy room full of cups"),
    ("table", "cup", "a table full of colorful cups"),
    ("sky", "kite", "a sky full of colorful kites"),
    ("road", "car", "a traffic jam of many cars on a road"),
    ("wall", "heart", "a wall full of colorful hearts"),
    ("night sky", "star", "a night sky full of colorful stars"),
    ("field", "tree", "a field with a forest of many trees"),
    ("room", "box", "a room full of colorful boxes"),
    ("sky", "bird", "a sky full of many birds"),
    ("city", "house", "a crowded city with many houses"),
)
_OPENINGS = ("", "", "", "", "", "a photo of ", "a picture of ", "an image of ", "there is ")
_EMPTY_WORDS = ("empty ", "plain ", "", "simple ")


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


def sample(rng: random.Random, simple: float = 0.0) -> Scene:
    """Draw a scene at random: 8 % empty, 7 % crowds, 45 % one group, 27 % two, 8 % three, 5 % four to six.

    Args:
        rng: Where the chance comes from.
        simple: Share of scenes forced to be one object, in [0, 1]; for a curriculum.
    """
    background, colour = _background(rng)
    choice, easy = rng.random(), rng.random() < simple
    if easy:
        return _one_group(rng, background, colour, counts=(1,))
    if choice < 0.08:
        return _empty(rng, background, colour)
    if choice < 0.15:
        return _crowd(rng)
    if choice < 0.60:
        return _one_group(rng, background, colour)
    if choice < 0.87:
        return _two_groups(rng, background, colour)
    return _three_groups(rng, background, colour) if choice < 0.95 else _many_groups(rng, background, colour)


def plural(shape: str) -> str:
    """Return the word for several of a shape."""
    return _PLURALS.get(shape, shape + "s")


@cache
def vocabulary() -> frozenset[str]:
    """Return every word that a caption can hold."""
    rng = random.Random(0)  # noqa: S311 -- nothing secret is drawn
    words = {word for _ in range(20_000) for word in _words(sample(rng).caption)}
    return frozenset(words | set(_words(" ".join(caption for _, _, caption in CROWDS))))


def unknown_words(prompt: str) -> list[str]:
    """Return the words of a prompt that no scene's caption holds, in order, each once."""
    return [word for word in dict.fromkeys(_words(prompt)) if word not in vocabulary()]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _background(rng: random.Random) -> tuple[str, str | None]:
    background = rng.choice(list(PREPOSITIONS))
    probability, colours = _BACKGROUND_COLOURS.get(background, (0.0, ()))
    return background, rng.choice(colours) if rng.random() < probability else None


def _article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def _place(rng: random.Random, background: str, colour: str | None) -> str:
    return f"{rng.choice(PREPOSITIONS[background])} {_article(_coloured(background, colour))}"


def _coloured(noun: str, colour: str | None) -> str:
    return f"{colour} {noun}" if colour else noun


def _named(group: Group) -> str:
    words = " ".join(word for word in (group.size, group.colour) if word)
    if group.count == 1:
        return _article(f"{words} {group.shape}".strip())
    return f"{NUMBERS[group.count]} {f'{words} {plural(group.shape)}'.strip()}"


def _group(
    rng: random.Random, counts: tuple[int, ...] = (1, 1, 1, 1, 1, 2, 2, 3, 4, 5), *, sized: bool = True
) -> Group:
    return Group(
        count=rng.choice(counts),
        size=rng.choice(("", "", "", "small", "big")) if sized else "",
        colour=rng.choice(list(COLOURS)) if rng.random() < 0.88 else None,
        shape=rng.choice(SHAPES),
    )


def _empty(rng: random.Random, background: str, colour: str | None) -> Scene:
    caption = _article(rng.choice(_EMPTY_WORDS) + _coloured(background, colour))
    if colour and rng.random() < 0.15:
        caption = f"a {colour} and empty {background}"
    return Scene(rng.choice(_OPENINGS) + caption, background, colour)


def _crowd(rng: random.Random) -> Scene:
    background, shape, caption = rng.choice(CROWDS)
    colour = rng.choice(_WALL_COLOURS) if background == "wall" else None
    group = Group(1, "", None, shape)
    return Scene(rng.choice(_OPENINGS) + caption, background, colour, (group,), crowd=rng.randint(9, 16))


def _one_group(rng: random.Random, background: str, colour: str | None, counts: tuple[int, ...] | None = None) -> Scene:
    group = _group(rng, counts) if counts else _group(rng)
    caption = f"{rng.choice(_OPENINGS)}{_named(group)} {_place(rng, background, colour)}"
    return Scene(caption, background, colour, (group,), ((0.1, 0.12, 0.9, 0.92),))


def _two_groups(rng: random.Random, background: str, colour: str | None) -> Scene:
    groups = (_group(rng), _group(rng))
    relation = rng.choice(list(RELATIONS))
    place = f" {_place(rng, background, colour)}" if rng.random() < 0.85 else ""
    caption = f"{rng.choice(_OPENINGS)}{_named(groups[0])} {relation} {_named(groups[1])}{place}"
    return Scene(caption, background, colour, groups, RELATIONS[relation])


def _listed(rng: random.Random, groups: tuple[Group, ...], background: str, colour: str | None) -> str:
    names = ", ".join(map(_named, groups[:-1]))
    return f"{rng.choice(_OPENINGS)}{names} and {_named(groups[-1])} {_place(rng, background, colour)}"


def _three_groups(rng: random.Random, background: str, colour: str | None) -> Scene:
    groups = tuple(_group(rng, (1, 1, 1, 1, 2, 2)) for _ in range(3))
    regions = ((0.01, 0.2, 0.35, 0.97), (0.33, 0.2, 0.67, 0.97), (0.65, 0.2, 0.99, 0.97))
    return Scene(_listed(rng, groups, background, colour), background, colour, groups, regions)


def _many_groups(rng: random.Random, background: str, colour: str | None) -> Scene:
    count = rng.choice((4, 4, 5, 6))
    groups = tuple(_group(rng, (1, 1, 1, 2, 2, 3), sized=False) for _ in range(count))
    columns = 2 if count == 4 else 3
    cells = [(i % columns, i // columns) for i in range(count)]
    regions = tuple(
        (x / columns + 0.01, 0.03 + y * 0.48, (x + 1) / columns - 0.01, 0.03 + y * 0.48 + 0.47) for x, y in cells
    )
    return Scene(_listed(rng, groups, background, colour), background, colour, groups, regions)
