"""Prompts are read from a text file as a person means them."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
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


def test_captions_of_coco_are_read(tmp_path: Path) -> None:
    """Of captions_val2017.json the captions alone, each once, its line breaks mended."""
    captions = [{"image_id": 1, "id": 2, "caption": "A cat.\n"}, {"image_id": 1, "id": 3, "caption": "A  cat."}]
    (tmp_path / "c.json").write_text(json.dumps({"images": [], "annotations": captions}))

    assert read_prompts(tmp_path / "c.json") == ["A cat."]


@pytest.mark.parametrize("content", ["[1]", "{}", "no json"])
def test_other_json_is_refused(tmp_path: Path, content: str) -> None:
    """The message says which file would do."""
    (tmp_path / "c.json").write_text(content)

    with pytest.raises(FileContentError, match=r"found other JSON, expected COCO's.*captions_val2017\.json"):
        read_prompts(tmp_path / "c.json")


def test_a_parquet_table_is_read_by_its_column(tmp_path: Path) -> None:
    """prompt, caption or text, the first that is there; missing values are passed over."""
    pq.write_table(pa.table({"text": ["no", "no"], "caption": ["b", None]}), tmp_path / "p.parquet")

    assert read_prompts(tmp_path / "p.parquet") == ["b"]


def test_a_parquet_table_without_prompts_is_refused(tmp_path: Path) -> None:
    """The names are listed; a file that is no Parquet at all is refused likewise."""
    pq.write_table(pa.table({"words": ["a"]}), tmp_path / "p.parquet")
    (tmp_path / "q.parquet").write_text("no table")

    for name in ("p", "q"):
        with pytest.raises(FileContentError, match="expected one of prompt, caption, text"):
            read_prompts(tmp_path / f"{name}.parquet")
