"""Prompts are read from a text file as a person means them."""

from pathlib import Path

import pytest

from budgetfusion.errors import FileContentError
from budgetfusion.prompts import EmptyPromptsError, read_prompts


def test_prompts_are_read_without_blank_and_repeated_lines(tmp_path: Path) -> None:
    """One prompt on each line, in UTF-8."""
    (tmp_path / "p.txt").write_text("größer\r\n\n  b  \ngrößer\n", encoding="utf-8")

    assert read_prompts(tmp_path / "p.txt") == ["größer", "b"]


def test_prompts_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Some editors write one; it is no part of the first prompt."""
    (tmp_path / "p.txt").write_text("b\n", encoding="utf-8-sig")

    assert read_prompts(tmp_path / "p.txt") == ["b"]


def test_prompts_in_another_encoding_are_refused(tmp_path: Path) -> None:
    """A wrong guess would make other images."""
    (tmp_path / "p.txt").write_text("größer\n", encoding="latin-1")
    with pytest.raises(FileContentError, match=r"p\.txt: found no text \(.*\), expected UTF-8\. Save"):
        read_prompts(tmp_path / "p.txt")


@pytest.mark.parametrize("content", ["", "\n  \n", None])
def test_a_file_without_prompts_is_refused(tmp_path: Path, content: str | None) -> None:
    """Empty, blank and missing files are one fault, and the message says what to write."""
    if content is not None:
        (tmp_path / "p.txt").write_text(content)
    with pytest.raises(EmptyPromptsError, match=r"p\.txt: found no prompt, expected at least one line of text\. Write"):
        read_prompts(tmp_path / "p.txt")
