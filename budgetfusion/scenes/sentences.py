"""Random scenes, each with a caption that says what is in it."""

import random
import re
from functools import cache

from budgetfusion.scenes.grammar import (
    BACKGROUND_COLOURS,
    COLOURS,
    CROWDS,
    NATURAL,
    NUMBERS,
    PREPOSITIONS,
    QUANTITIES,
    RELATIONS,
    SHAPES,
    Group,
    Region,
    Scene,
    plural,
)

_OPENINGS = ("", "", "", "", "", "a photo of ", "a picture of ", "an image of ", "there is ")
_EMPTY_WORDS = ("empty ", "plain ", "", "simple ")
_MIDDLE: Region = (0.1, 0.12, 0.9, 0.92)
_ROW: Region = (0.02, 0.52, 0.98, 0.76)
_WALKERS = ("cow", "person", "car", "bird", "boat", "airplane")
_COMPANIES = ("person", "cow", "bird", "car", "flower", "tree")
_CROWD = (9, 16)  # objects, from and to
_CROWD_SAYINGS = (
    "a {background} full of colorful {objects}",
    "a {background} full of {objects}",
    "a busy {background} with many {objects}",
    "a crowded {background} with many {objects}",
    "many {objects} {preposition} a {background}",
    "a crowd of {objects} {preposition} a {background}",
    "a {background} with a crowd of {objects}",
)
_PEOPLE_SAYINGS = ("a colorful {background} with a crowd", "a busy {background} full of people")
_COUNTS = (1, 1, 1, 1, 1, 2, 2, 3, 4, 5)


def sample(rng: random.Random, simple: float = 0.0) -> Scene:
    """Draw a scene at random.

    Of 100 scenes 8 are empty, 9 crowds, 5 processions, 5 have company, 36 have one group of objects, 24 two, 8 three
    and 5 four to six.

    Args:
        rng: Where the chance comes from.
        simple: Share of scenes forced to be one object, in [0, 1]; for a curriculum.
    """
    background, colour = _background(rng)
    if rng.random() < simple:
        return _one_group(rng, background, colour, counts=(1,))
    makers = (_empty, _crowd, _procession, _company, _one_group, _two_groups, _three_groups, _many_groups)
    (maker,) = rng.choices(makers, (8, 9, 5, 5, 36, 24, 8, 5))
    return maker(rng, background, colour)


@cache
def vocabulary() -> frozenset[str]:
    """Return every word that a caption can hold."""
    rng = random.Random(0)  # noqa: S311 -- nothing secret is drawn
    words = {word for _ in range(20_000) for word in _words(sample(rng).caption)}
    return frozenset(words | set(COLOURS) | set(SHAPES) | set(map(plural, SHAPES)))


def unknown_words(prompt: str) -> list[str]:
    """Return the words of a prompt that no scene's caption holds, in order, each once."""
    return [word for word in dict.fromkeys(_words(prompt)) if word not in vocabulary()]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _background(rng: random.Random) -> tuple[str, str | None]:
    background = rng.choice(list(PREPOSITIONS))
    probability, colours = BACKGROUND_COLOURS.get(background, (0.0, ()))
    return background, rng.choice(colours) if rng.random() < probability else None


def _article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def _opened(rng: random.Random, caption: str) -> str:
    opening = rng.choice(_OPENINGS)
    plural_first = re.match(r"(two|three|four|five|six|seven|eight|many|several|a few|[a-z]+ [a-z]+s\b)", caption)
    return ("there are " if opening == "there is " and plural_first else opening) + caption


def _place(rng: random.Random, background: str, colour: str | None) -> str:
    return f"{rng.choice(PREPOSITIONS[background])} {_article(_coloured(background, colour))}"


def _coloured(noun: str, colour: str | None) -> str:
    return f"{colour} {noun}" if colour else noun


def _named(group: Group, rng: random.Random) -> str:
    words = " ".join(word for word in (group.size, group.colour) if word)
    if group.count == 1:
        return _article(f"{words} {group.shape}".strip())
    return f"{_number(group.count, rng)} {_many(group)}"


def _many(group: Group) -> str:
    words = " ".join(word for word in (group.size, group.colour) if word)
    return f"{words} {plural(group.shape)}".strip()


def _number(count: int, rng: random.Random) -> str:
    vague = [words for words, counts in QUANTITIES.items() if count in counts]
    return rng.choice(vague) if vague and rng.random() < 0.2 else NUMBERS[count]


def _group(
    rng: random.Random,
    colour_behind: str | None,
    counts: tuple[int, ...] = _COUNTS,
    shapes: tuple[str, ...] = SHAPES,
    *,
    sized: bool = True,
) -> Group:
    """Make a group that is never of the colour behind it."""
    shape = rng.choice(shapes)
    colours = NATURAL.get(shape, tuple(COLOURS)) if rng.random() < 0.25 else tuple(COLOURS)
    colours = tuple(colour for colour in colours if colour != colour_behind) or tuple(COLOURS)
    return Group(
        count=rng.choice(counts),
        size=rng.choice(("", "", "", "small", "big")) if sized else "",
        colour=rng.choice(colours) if rng.random() < 0.88 else None,
        shape=shape,
    )


def _empty(rng: random.Random, background: str, colour: str | None) -> Scene:
    caption = _article(rng.choice(_EMPTY_WORDS) + _coloured(background, colour))
    if colour and rng.random() < 0.15:
        caption = f"a {colour} and empty {background}"
    return Scene(_opened(rng, caption), background, colour)


def _crowd(rng: random.Random, background: str, colour: str | None) -> Scene:
    shape = rng.choice(CROWDS[background])
    sayings = _CROWD_SAYINGS + (_PEOPLE_SAYINGS if shape == "person" else ())
    words = {"background": _coloured(background, colour), "objects": plural(shape)}
    caption = rng.choice(sayings).format(preposition=rng.choice(PREPOSITIONS[background]), **words)
    caption = re.sub(r"\ba (?=[aeiou])", "an ", caption)
    group = Group(1, "", None, shape)
    return Scene(_opened(rng, caption), background, colour, (group,), crowd=rng.randint(*_CROWD))


def _procession(rng: random.Random, background: str, colour: str | None) -> Scene:
    group = _group(rng, colour, (3, 4, 5), _WALKERS, sized=False)
    who = f"{NUMBERS[group.count]} {_many(group)}" if rng.random() < 0.5 else _many(group)
    how = rng.choice(("following one another", "in a row", "in a line"))
    caption = f"{who} {how} {_place(rng, background, colour)}"
    return Scene(_opened(rng, caption), background, colour, (group,), (_ROW,))


def _company(rng: random.Random, background: str, colour: str | None) -> Scene:
    one = _group(rng, colour, (1,))
    company = Group(rng.choice((4, 5, 6)), "", None, rng.choice(_COMPANIES))
    standing = " standing" if company.shape in ("person", "cow", "bird") else ""
    caption = (
        f"{_named(one, rng)} {_place(rng, background, colour)} with a group of {_many(company)}{standing} next to it"
    )
    return Scene(_opened(rng, caption), background, colour, (one, company), RELATIONS["next to"])


def _one_group(rng: random.Random, background: str, colour: str | None, counts: tuple[int, ...] = _COUNTS) -> Scene:
    group = _group(rng, colour, counts)
    caption = f"{_named(group, rng)} {_place(rng, background, colour)}"
    return Scene(_opened(rng, caption), background, colour, (group,), (_MIDDLE,))


def _two_groups(rng: random.Random, background: str, colour: str | None) -> Scene:
    groups = (_group(rng, colour), _group(rng, colour))
    relation = rng.choice(list(RELATIONS))
    place = f" {_place(rng, background, colour)}" if rng.random() < 0.85 else ""
    caption = f"{_named(groups[0], rng)} {relation} {_named(groups[1], rng)}{place}"
    return Scene(_opened(rng, caption), background, colour, groups, RELATIONS[relation])


def _listed(rng: random.Random, groups: tuple[Group, ...], background: str, colour: str | None) -> str:
    names = ", ".join(_named(group, rng) for group in groups[:-1])
    return _opened(rng, f"{names} and {_named(groups[-1], rng)} {_place(rng, background, colour)}")


def _three_groups(rng: random.Random, background: str, colour: str | None) -> Scene:
    groups = tuple(_group(rng, colour, (1, 1, 1, 1, 2, 2)) for _ in range(3))
    regions = ((0.01, 0.2, 0.35, 0.97), (0.33, 0.2, 0.67, 0.97), (0.65, 0.2, 0.99, 0.97))
    return Scene(_listed(rng, groups, background, colour), background, colour, groups, regions)


def _many_groups(rng: random.Random, background: str, colour: str | None) -> Scene:
    count = rng.choice((4, 4, 5, 6))
    groups = tuple(_group(rng, colour, (1, 1, 1, 2, 2, 3), sized=False) for _ in range(count))
    columns = 2 if count == 4 else 3
    cells = [(i % columns, i // columns) for i in range(count)]
    regions = tuple(
        (x / columns + 0.01, 0.03 + y * 0.48, (x + 1) / columns - 0.01, 0.03 + y * 0.48 + 0.47) for x, y in cells
    )
    return Scene(_listed(rng, groups, background, colour), background, colour, groups, regions)
