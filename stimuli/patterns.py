"""Patterns of file names, such as `{prompt}/{condition}.png`: what each file of a folder is an image of. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stimuli.errors import PatternError

_TEXT, _NUMBER = "[^/]+?", "[0-9]+"
FIELDS = {
    "prompt": _TEXT,
    "number": _NUMBER,
    "line": _NUMBER,
    "condition": _TEXT,
    "seed": _NUMBER,
    "num_steps": _NUMBER,
}
"""What may stand in a pattern; one of `prompt` (its text), `number` (its place, from 0), `line` (from 1) is needed."""


@dataclass(frozen=True)
class Naming:
    """What the name of a file says: whose image it is."""

    prompt: str
    seed: int
    condition: str
    num_steps: int | None = None


@dataclass(frozen=True)
class Pattern:
    """A pattern with what a study's names can mean.

    Args:
        text: The pattern, with `/` between folders.
        prompts: The study's prompts.
        seeds: Its seeds; a pattern without `{seed}` needs a study with one.
        conditions: Names of the conditions that come from a folder.

    Raises:
        PatternError: If the pattern names an unknown field, one twice, or too few.
    """

    text: str
    prompts: Sequence[str]
    seeds: Sequence[int]
    conditions: Sequence[str]

    def __post_init__(self) -> None:
        fields = re.findall(r"\{(.*?)\}", self.text)
        if unknown := sorted(set(fields) - set(FIELDS)):
            raise PatternError(self.text, f"the unknown field {{{unknown[0]}}}", f"some of {sorted(FIELDS)}")
        if len(fields) != len(set(fields)):
            raise PatternError(self.text, "a field twice", "each field once")
        if len({"prompt", "number", "line"} & set(fields)) != 1 or "condition" not in fields:
            raise PatternError(self.text, "fields " + str(fields), "{condition} and one of {prompt} {number} {line}")
        if "seed" not in fields and len(self.seeds) > 1:
            raise PatternError(self.text, "no {seed}", f"it, because the study has the seeds {list(self.seeds)}")

    def read(self, names: Iterable[str]) -> dict[str, Naming]:
        """Return what each file is, by its name; files that the pattern or the study does not know are left out.

        Args:
            names: Paths below the folder, with `/`.

        Raises:
            PatternError: If none is known, or two are the same image.
        """
        regex = re.compile(_regex(self.text))
        matches = ((name, regex.fullmatch(name)) for name in sorted(names))
        read = {name: self._naming(match.groupdict()) for name, match in matches if match}
        found = {name: naming for name, naming in read.items() if naming is not None}
        if not found:
            wanted = f"one such as {self._example()}"
            raise PatternError(self.text, "no file that it fits and the study declares", wanted)
        seen: dict[tuple[str, int, str], str] = {}
        for name, naming in found.items():
            first = seen.setdefault((naming.prompt, naming.seed, naming.condition), name)
            if first != name:
                raise PatternError(self.text, f"{first} and {name} for the same image", "one file for each")
        return found

    def _naming(self, words: dict[str, str]) -> Naming | None:
        prompt, condition = self._prompt(words), self._condition(words["condition"])
        seed = int(words.get("seed", self.seeds[0]))
        if prompt is None or condition is None or seed not in self.seeds:
            return None
        return Naming(prompt, seed, condition, int(words["num_steps"]) if "num_steps" in words else None)

    def _prompt(self, words: dict[str, str]) -> str | None:
        if "prompt" in words:
            return {_plain(prompt): prompt for prompt in self.prompts}.get(_plain(words["prompt"]))
        place = int(words["number"]) if "number" in words else int(words["line"]) - 1
        return self.prompts[place] if 0 <= place < len(self.prompts) else None

    def _condition(self, word: str) -> str | None:
        return {_plain(name): name for name in self.conditions}.get(_plain(word))

    def _example(self) -> str:
        values = {"prompt": self.prompts[0], "number": 0, "line": 1, "seed": self.seeds[0], "num_steps": 9}
        return self.text.format(condition=self.conditions[0].lower(), **values)


def _regex(text: str) -> str:
    parts = re.split(r"(\{\w+\})", text)
    return "".join(
        f"(?P<{part[1:-1]}>{FIELDS[part[1:-1]]})" if part.startswith("{") else re.escape(part) for part in parts
    )


def _plain(text: str) -> str:
    """Return a text as file names keep it: letters and digits, in small letters, with one blank between words."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))
