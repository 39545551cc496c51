"""Choices of other tools become the columns of a choice; what is not read is named."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import ColumnsError, KeyFileError, ValuesError
from analysis.load import codebook, read_source
from stimuli.manifest import CHOICE_COLUMNS


def written(folder: Path, text: str, name: str = "theirs.csv") -> Path:
    """Write a table and return its path."""
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_pwcmp_is_read(tmp_path: Path) -> None:
    """The observer is the participant, the scene the prompt, condition A the left one."""
    text = "observer,scene,condition_A,condition_B,is_A_selected,mood\nM1,window,a,b,1,x\nM1,window,b,c,0,x\n"
    source = read_source(written(tmp_path, text))

    assert (source.format, source.unread) == ("pwcmp", ("mood",))
    assert tuple(source.frame.columns) == CHOICE_COLUMNS
    assert source.frame["chosen"].tolist() == ["a", "c"]
    assert source.frame["trial_index"].tolist() == [0, 1]


def test_jpeg_aic_is_read(tmp_path: Path) -> None:
    """Traps become catch trials, bias controls identical ones, 'not sure' a tie, seconds milliseconds."""
    head = "worker,img_num,codec_left,codec_right,dlevel_left,dlevel_right,response,is_trap,is_bias,response_time\n"
    rows = "7,3,1,2,4,5,left,0,0,1.5\n7,3,1,1,0,10,left,1,0,1\n7,3,1,2,4,6,not sure,0,0,2\n7,3,1,1,4,4,right,0,1,2\n"
    frame = read_source(written(tmp_path, head + rows)).frame

    assert frame["purpose"].tolist() == ["main", "catch", "main", "identical"]
    assert frame["correct"].tolist()[1] is True
    assert frame["response"].tolist() == ["left", "left", "tie", "right"]
    assert frame["rt_ms"].tolist() == [1500, 1000, 2000, 2000]
    assert frame["chosen"][0] == "codec 1 level 4"


def test_wide_answers_need_their_key(tmp_path: Path) -> None:
    """MTurk's wide table says A or B; which condition that was stands in a key beside it."""
    path = written(tmp_path, "WorkerId,Answer.q1,Answer.q2,Input.x\nw1,A,B,9\nw2,B,,9\n")

    with pytest.raises(
        KeyFileError, match=r"theirs\.key\.csv: found no file, expected a CSV with the columns question"
    ):
        read_source(path)
    key = "question,prompt,left_condition,right_condition\nAnswer.q1,a cat,ours,base\n"
    written(tmp_path, key, "theirs.key.csv")
    with pytest.raises(KeyFileError, match=r"no row for \['Answer\.q2'\]"):
        read_source(path)
    written(tmp_path, key + "Answer.q2,a dog,base,ours\n", "theirs.key.csv")
    source = read_source(path)

    assert source.unread == ("Input.x",)
    assert source.frame["chosen"].fillna("").tolist() == ["ours", "base", "ours", ""]
    assert source.frame["response"].tolist() == ["left", "right", "right", "skip"]


def test_jspsych_is_read(tmp_path: Path) -> None:
    """Pages without two conditions are left out; keys and buttons are sides."""
    head = "subject,trial_type,trial_index,rt,response,item,left_condition,right_condition\n"
    rows = "s1,html,0,10,,,,\ns1,image,1,812.5,f,i1,ours,base\ns1,image,2,700,1,i2,base,ours\n"
    source = read_source(written(tmp_path, head + rows))

    assert source.frame["chosen"].tolist() == ["ours", "ours"]
    assert source.frame["rt_ms"].tolist() == [812.5, 700]
    assert source.unread == ()


def test_psignifit_blocks_become_trials(tmp_path: Path) -> None:
    """Two of three right at a level are three trials, two of which chose the level."""
    frame = read_source(written(tmp_path, "level,k,n\n0.1,2,3\n")).frame

    assert frame["chosen"].tolist() == ["level 0.1", "level 0.1", "reference"]


def test_an_item_is_the_cluster_of_a_long_table(tmp_path: Path) -> None:
    """Two items with one text stay two clusters."""
    head = "participant_id,item_id,prompt,left_condition,right_condition,response\n"
    rows = "a,1,young,ours,base,left\na,2,young,ours,base,left\n"
    frame = read_source(written(tmp_path, head + rows)).frame

    assert frame["prompt"].tolist() == ["young [1]", "young [2]"]


def test_wrong_answers_are_named_with_their_rows(tmp_path: Path) -> None:
    """Another word than left or right is listed with its row."""
    head = "participant,prompt,left_condition,right_condition,response\n"

    with pytest.raises(ValuesError, match="row 2 response='middle'"):
        read_source(written(tmp_path, head + "a,x,ours,base,left\na,y,ours,base,middle\n"))
    with pytest.raises(ValuesError, match="row 1 has no participant, or the same condition on both sides"):
        read_source(written(tmp_path, head + ",x,ours,base,left\n"))


def test_an_unknown_table_names_its_columns(tmp_path: Path) -> None:
    """A table of another kind is refused with the columns that it lacks and those that nobody knows."""
    with pytest.raises(ColumnsError, match=r"unknown columns \['age', 'height'\]"):
        read_source(written(tmp_path, "age,height\n1,2\n"))


def test_the_codebook_speaks_of_every_column() -> None:
    """Each column of a choice has a type and a meaning, in the order of the file."""
    book = codebook()

    assert tuple(book["column"]) == CHOICE_COLUMNS
    assert (book[["type", "meaning"]] != "").all(axis=None)
    assert isinstance(book, pd.DataFrame)
