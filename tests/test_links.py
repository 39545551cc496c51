"""Every link between the pages of the documentation leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)[^)]*\)|(?:src|href)=\"([^\"]+)\"")

PAGE = """
# One `two`: three
[here](page.md#one-two-three) [lost](no.md) [nowhere](#none) [far](https://example.org)
```
[code](no.md)
```
`[code](no.md)`
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_resolve(page: Path) -> None:
    """Files exist, and a part after '#' is a heading of its page."""
    assert [link for link in links(page) if not resolves(page, link)] == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """The check itself works: a missing file and a missing heading are found, code is not read."""
    page = tmp_path / "page.md"
    page.write_text(PAGE)

    assert [link for link in links(page) if not resolves(page, link)] == ["no.md", "#none"]


def links(page: Path) -> list[str]:
    """Return the targets in a page that lie in this repository."""
    prose = re.sub(r"`[^`\n]*`", "", _without_blocks(page))
    targets = [first or second for first, second in LINK.findall(prose)]
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def resolves(page: Path, link: str) -> bool:
    """Say whether a link of a page leads to a file, and to a heading of it."""
    name, _, heading = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not heading or target.suffix != ".md" or heading in _headings(target))


def _headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ +(.+?) *$", _without_blocks(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _without_blocks(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
