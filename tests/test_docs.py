"""The reference is complete: what the program has is documented, and what is documented the program has."""

import ast
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from benchmarks.run_all import find as find_benchmarks
from budgetfusion.budgets import BUDGET
from budgetfusion.cli import cli
from budgetfusion.config import GenerationConfig
from budgetfusion.measurements import COST, EVALUATION, MEASUREMENT, SCORE, TRANSFER
from budgetfusion.predictions import PREDICTION
from prolific_config.table import ProlificTable
from stimuli.conditions import Condition
from stimuli.manifest import CHOICE_COLUMNS, Item, Manifest, Renderer, Stimulus
from stimuli.perceived import Perceived
from stimuli.studyfile import (
    AnalysisTable,
    DesignTable,
    QualityTable,
    Question,
    StimuliTable,
    StudyFile,
    StudyTable,
    TextsTable,
)

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
CODE = ("budgetfusion", "stimuli", "study_server", "analysis", "prolific_config", "migrations", "benchmarks", "tests")

STUDY_TABLES: dict[str, type[BaseModel]] = {
    "[study]": StudyTable,
    "[generation]": GenerationConfig,
    "[stimuli]": StimuliTable,
    "[[stimuli.conditions]]": Condition,
    "[design]": DesignTable,
    "[texts]": TextsTable,
    "[[texts.comprehension]]": Question,
    "[analysis]": AnalysisTable,
    "[quality]": QualityTable,
    "[prolific]": ProlificTable,
}
RECORDS: dict[str, type[BaseModel]] = {
    "Manifest": Manifest,
    "Renderer": Renderer,
    "Item": Item,
    "Stimulus": Stimulus,
    "Perceived distances": Perceived,
}
TABLES: dict[str, pa.Schema] = {
    "Budgets": BUDGET,
    "Measurements": MEASUREMENT,
    "Costs": COST,
    "Predictions": PREDICTION,
    "Evaluations": EVALUATION,
    "Scores": SCORE,
    "Transfers": TRANSFER,
}


def commands(group: click.Command = cli, path: str = "budgetfusion") -> Iterator[tuple[str, click.Command]]:
    """Yield every command, and every group, with the words that a user types."""
    yield path, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            yield from commands(found, f"{path} {name}")


COMMANDS = dict(commands())


def sections(page: Path) -> dict[str, str]:
    """Return the text below each heading of a page, up to the next heading; code words lose their marks."""
    parts = re.split(r"^#+ +(.+?) *$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {title.replace("`", ""): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def rows(text: str) -> dict[str, str]:
    """Return the rows of the tables in a text, by the code words in their first cell."""
    found = {}
    for line in re.findall(r"^\|.*\|$", text, flags=re.MULTILINE):
        for name in re.findall(r"`([^`]+)`", line.split("|")[1]):
            found[name] = line
    return found


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_is_documented(path: str) -> None:
    """Each command has its section, which lists its arguments and options, each with its default, and no others."""
    section = sections(REFERENCE / "cli.md")[path]

    assert {name for name in rows(section) if name != "--help"} == set(_words_of(COMMANDS[path]))
    assert [word for word, default in _words_of(COMMANDS[path]).items() if default not in rows(section)[word]] == []


@pytest.mark.parametrize("table", STUDY_TABLES)
def test_a_table_of_the_study_file_is_documented(table: str) -> None:
    """Each key of the study file has a row with its default, and no row speaks of a key that is not there."""
    found = rows(sections(REFERENCE / "study-file.md")[table])
    fields = STUDY_TABLES[table].model_fields

    assert list(found) == list(fields)
    assert [name for name, field in fields.items() if _default_of(field) not in found[name]] == []


def test_every_table_of_the_study_file_has_a_section() -> None:
    """The tables above are all that a study file has; [prolific] is read by its own package."""
    assert {f"[{name}]" for name in StudyFile.model_fields} | {"[prolific]"} == {
        name for name in STUDY_TABLES if not name.startswith("[[")
    }


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_of_the_manifest_is_documented(record: str) -> None:
    """Each field of a manifest's records has a row, in the record's order."""
    assert list(rows(sections(REFERENCE / "manifest.md")[record])) == list(RECORDS[record].model_fields)


def test_the_columns_of_a_choice_are_documented() -> None:
    """Each column has a row, in the order of the exported file."""
    assert tuple(rows(sections(REFERENCE / "choices.md")["Columns"])) == CHOICE_COLUMNS


@pytest.mark.parametrize("table", TABLES)
def test_the_columns_of_a_table_are_documented(table: str) -> None:
    """Each column of a Parquet table has a row with its type, in the order of the schema."""
    found = rows(sections(REFERENCE / "tables.md")[table])

    assert list(found) == TABLES[table].names
    assert [field.name for field in TABLES[table] if f" {field.type} " not in found[field.name]] == []


def test_the_environment_variables_are_documented() -> None:
    """What the code reads from the environment is in the settings, and nothing else is."""
    assert set(rows(sections(REFERENCE / "settings.md")["Environment variables"])) == _environment_names()


def test_the_errors_are_documented() -> None:
    """Each expected error has a row, and no row speaks of an error that is not there."""
    documented = [name for text in sections(REFERENCE / "errors.md").values() for name in rows(text)]

    assert sorted(documented) == sorted(_errors())


def test_the_benchmarks_are_documented() -> None:
    """Each benchmark has its section."""
    assert [name for name in find_benchmarks() if name not in sections(REFERENCE / "benchmarks.md")] == []


def test_the_tutorial_runs_what_the_demo_runs() -> None:
    """Each command of the demo stands in the tutorial, in the same order."""
    wanted = _commands_of_the_demo()
    told = [command for command, _ in _typed(DOCS / "tutorial" / "first-study.md")]

    assert [command for command in told if command in wanted] == wanted


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_on_a_page_exist(page: Path) -> None:
    """Whatever a page tells a reader to type is a command with these options."""
    assert [(command, option) for command, options in _typed(page) for option in _unknown(command, options)] == []


def test_the_index_leads_to_every_page() -> None:
    """No page of the documentation is an orphan."""
    index = (DOCS / "index.md").read_text(encoding="utf-8")

    assert [page for page in DOCS.rglob("*.md") if page.name != "index.md" and not _links_to(index, page)] == []


def _words_of(command: click.Command) -> dict[str, str]:
    """Return a command's arguments and options, each with what its row must say of its default."""
    context = click.Context(command)
    words = {}
    for parameter in command.params:
        default = _shown(parameter.get_default(context))
        if isinstance(parameter, click.Argument):
            words[str(parameter.name).upper()] = ""
        else:
            words |= {word: default for word in (*parameter.opts, *parameter.secondary_opts)}
    return words


def _shown(default: Any) -> str:
    return f"`{default}`" if isinstance(default, int | float | str | Path) and not isinstance(default, bool) else ""


def _default_of(field: Any) -> str:
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None:
        return "none"
    return "preset" if isinstance(field.default, list) else f"`{json.dumps(field.default)}`"


def _environment_names() -> set[str]:
    read = r"environ(?:ment)?(?:\.get|\.setdefault)?[(\[]\s*\"([A-Z_]+)\"|envvar=\"([A-Z_]+)\""
    code = [path.read_text(encoding="utf-8") for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    names = {first or second for text in code for first, second in re.findall(read, text)}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return names | set(re.findall(r"\$\$\{([A-Z_]+)", makefile))


def _errors() -> set[str]:
    """Return the names of `BudgetFusionError` and of what is derived from it, read without importing anything."""
    bases: dict[str, set[str]] = {}
    for folder in CODE[:-1]:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    bases[node.name] = {base.id for base in node.bases if isinstance(base, ast.Name)}
    return {name for name in bases if _derives(name, bases)}


def _derives(name: str, bases: Mapping[str, set[str]]) -> bool:
    return name == "BudgetFusionError" or any(_derives(base, bases) for base in bases.get(name, ()))


def _commands_of_the_demo() -> list[str]:
    """Return the words of each command that the demo runs, in the order in which it runs them."""
    tree = ast.parse((ROOT / "budgetfusion" / "demo.py").read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    calls = [
        call
        for function in ("_study_file", "demo")
        for call in sorted(_calls(functions[function]), key=lambda call: call.lineno)
    ]
    words = [[str(a.value) for a in call.args if isinstance(a, ast.Constant)] for call in calls]
    return [_known(["budgetfusion", *line]) for line in words]


def _calls(function: ast.FunctionDef) -> list[ast.Call]:
    every = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return [call for call in every if isinstance(call.func, ast.Name) and call.func.id == "_run"]


def _typed(page: Path) -> list[tuple[str, list[str]]]:
    """Return the commands of our program in a page's code blocks: the command, and the options that it is given."""
    text = re.sub(r"(?m)^> ?", "", page.read_text(encoding="utf-8"))
    blocks = re.findall(r"(?ms)^ *```(?:sh|console)\n(.*?)^ *```", text)
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    words = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines if "budgetfusion " in line]
    ours = [line[line.index("budgetfusion") :] for line in words if "budgetfusion" in line]
    return [(_known(line), [word.partition("=")[0] for word in line if word.startswith("--")]) for line in ours]


def _known(words: list[str]) -> str:
    """Return the longest command that these words begin with."""
    lengths = range(len(words), 0, -1)
    return next(" ".join(words[:length]) for length in lengths if " ".join(words[:length]) in COMMANDS)


def _unknown(command: str, options: list[str]) -> list[str]:
    return [option for option in options if option not in (*_words_of(COMMANDS[command]), "--help")]


def _links_to(index: str, page: Path) -> bool:
    return f"({page.relative_to(DOCS).as_posix()})" in index
