"""The report: one file, no address outside it, the same bytes, SIMULATED where nobody looked."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.errors import ComparisonError, DigestError, NoChoicesError
from analysis.report import write_report
from budgetfusion.files import write_text
from stimuli.studyfile import read_study_file, template

Write = Callable[..., Any]


def render(made_for: Any, out: Path, **options: Any) -> str:
    """Write a report with its evaluation and return its HTML."""
    made = write_report(made_for.choices, made_for.stimuli, out, evaluation=made_for.evaluation, **options)
    return made.html.read_text(encoding="utf-8")


def test_report_is_one_file_without_outside_references(tmp_path: Path, write_study: Write) -> None:
    """No script, no address but data: and no link; the policy would refuse them, and allows exactly the one style."""
    html = render(write_study(), tmp_path / "out")
    style = re.search(r"<style>(.*?)</style>", html, re.S)

    assert re.findall(r"https?://|<script|<link|@import| on\w+=| style=", html) == []
    assert {value.split(",")[0] for value in re.findall(r'src="([^"]*)"', html)} == {
        "data:image/svg+xml;base64",
        "data:image/png;base64",
    }
    assert style is not None
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()}'" in html


def test_equal_input_gives_equal_bytes(tmp_path: Path, write_study: Write) -> None:
    """Every file of two reports of the same study is the same."""
    study = write_study()
    for name in ("a", "b"):
        render(study, tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())

    names = {str(path) for path in files}
    assert {"index.html", "report.md", "results.json", "codebook.csv"} <= names
    for figure in ("selection-rates", "flow", "claims", "estimators", "caterpillar", "sides", "steps", "efficiency"):
        assert {f"figures/{figure}.{kind}" for kind in ("svg", "pdf", "png", "csv")} <= names
    for table in ("rates", "scales", "claims", "estimators", "reliability", "controls", "halves", "participants"):
        assert {f"tables/{table}.{kind}" for kind in ("csv", "md", "tex")} <= names
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in files)


def test_bots_are_called_simulated(tmp_path: Path, write_study: Write) -> None:
    """The banner, the title, the summary, the figure and the kind of observer say that nobody looked."""
    html = render(write_study(mode="bot"), tmp_path / "out")

    assert "SIMULATED – no person made these choices" in html
    assert "<title>OURS v UNIFORM (SIMULATED)</title>" in html
    assert "see the rendered images through an image metric" in html
    assert "16 SIMULATED observers" in html
    figures = sorted((tmp_path / "out" / "figures").glob("*.svg"))
    tables = sorted((tmp_path / "out" / "tables").iterdir())
    unmarked = [path.name for path in figures + tables if "SIMULATED" not in path.read_text(encoding="utf-8")]
    assert [name for name in unmarked if "efficiency" not in name] == []  # measured, whoever chose


def test_planted_preferences_are_called_a_recovery_test(tmp_path: Path, write_study: Write) -> None:
    """Observers with a planted preference say nothing about images, and the report says so."""
    study = write_study(mode="bot")
    study.frame.assign(flags="simulated-planted").to_csv(study.choices, index=False)

    assert "a recovery test only" in render(study, tmp_path / "out")


def test_people_are_not_called_simulated(tmp_path: Path, write_study: Write) -> None:
    """A live study has no such word."""
    html = render(write_study(mode="live"), tmp_path / "out")

    assert "People, in the live study." in html
    assert "SIMULATED" not in html


def test_an_early_look_is_stamped_on_the_report(tmp_path: Path, write_study: Write) -> None:
    """One row that was exported before the study was closed stamps the page and the Markdown; none, neither."""
    study = write_study(mode="live")
    assert "UNBLINDED EARLY" not in render(study, tmp_path / "closed")
    study.frame.assign(flags=["unblinded-early", *study.frame["flags"][1:]]).to_csv(study.choices, index=False)

    assert "UNBLINDED EARLY" in render(study, tmp_path / "early")
    assert "UNBLINDED EARLY" in (tmp_path / "early" / "report.md").read_text(encoding="utf-8")


def test_a_pilot_is_called_a_pilot(tmp_path: Path, write_study: Write) -> None:
    """A pilot's report says in its summary that it is not the study."""
    assert "PILOT: not the study itself" in render(write_study(mode="pilot"), tmp_path / "out")


def test_summary_carries_the_number_of_the_results(tmp_path: Path, write_study: Write) -> None:
    """Headline, verdict and results.json agree with the choices."""
    study = write_study()
    html = render(study, tmp_path / "out")
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    main = study.frame[study.frame["purpose"] == "main"]
    mean = (main["chosen"] == "OURS").mean()

    assert results["findings"]["kept"]["pooled"]["mean"] == pytest.approx(mean)
    assert f"OURS was chosen over UNIFORM in {100 * mean:.0f} %" in results["headline"]
    assert results["headline"].replace(" %", "\N{NO-BREAK SPACE}%") in html
    assert "2 of 12 items have the same pixels" in html


def test_exclusions_stand_beside_everybody(tmp_path: Path, write_study: Write) -> None:
    """With a careless participant removed, the rate of everybody is still there."""
    study = write_study()
    careless = (study.frame["participant"] == "P-0000") & (study.frame["purpose"] == "catch")
    study.frame.assign(correct=study.frame["correct"].mask(careless, False)).to_csv(study.choices, index=False)
    render(study, tmp_path / "out")
    found = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["findings"]

    assert (found["kept"]["n_participants"], found["everybody"]["n_participants"]) == (15, 16)


def test_missing_evaluation_says_how_to_make_it(tmp_path: Path, write_study: Write) -> None:
    """Without an evaluation the section names the command."""
    study = write_study()
    html = write_report(study.choices, study.stimuli, tmp_path / "out").html.read_text(encoding="utf-8")

    assert "Make one with <code>budgetfusion evaluate</code>" in html
    assert not (tmp_path / "out" / "figures" / "efficiency.svg").exists()


def test_missing_images_leave_the_rest(tmp_path: Path, write_study: Write) -> None:
    """A manifest without its images still gives a report, without the pictures."""
    study = write_study()
    for image in (study.stimuli / "images").iterdir():
        image.unlink()

    assert "data:image/png" not in render(study, tmp_path / "out")


def test_rules_come_from_the_study_file(tmp_path: Path, write_study: Write) -> None:
    """The declared rules are used and named with their digest; another design is refused."""
    study = write_study()
    path = tmp_path / "study.toml"
    write_text(path, template().replace("min_catch_accuracy = 0.6", "min_catch_accuracy = 0.75"))
    write_text(tmp_path / "prompts.txt", "a ball\n")
    declared = read_study_file(path)

    with pytest.raises(DigestError, match="Choices carry study digest ffffffffffff"):
        render(study, tmp_path / "out", study=path)
    pd.read_csv(study.choices).assign(study_digest=declared.study_digest).to_csv(study.choices, index=False)
    html = render(study, tmp_path / "out", study=path)
    assert "min_catch_accuracy = 0.75" in html
    assert declared.analysis_digest[:12] in html


def test_text_from_a_study_is_escaped(tmp_path: Path, write_study: Write) -> None:
    """A participant's code cannot become markup."""
    study = write_study()
    study.frame.replace({"participant": {"P-0003": "<script>x</script>"}}).to_csv(study.choices, index=False)

    assert "&lt;script&gt;" in render(study, tmp_path / "out")


def test_the_papers_figures_are_quoted_as_the_papers(tmp_path: Path, write_study: Write) -> None:
    """60.3 and 35.2 stand in a box of their own that says whose they are."""
    box = render(write_study(), tmp_path / "out").split("<h2>What the paper reports</h2>")[1].split("</section>")[0]

    for part in ("not found here", "60.3 ± 3.9", "35.2 ± 8.4", "Jensen"):
        assert part in box


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_unanimous_choices_still_give_a_report(tmp_path: Path, write_study: Write, p: float) -> None:
    """When everybody chooses the same, the report says that no cluster varied."""
    study = write_study()
    everybody = "OURS" if p else "UNIFORM"
    side = study.frame["left_condition"].eq(everybody).map({True: "left", False: "right"})
    study.frame.assign(chosen=everybody, response=side).to_csv(study.choices, index=False)

    assert "No cluster varied" in render(study, tmp_path / "out")


def test_several_studies_make_one_report(tmp_path: Path, write_study: Write) -> None:
    """Two studies stand above one another in figure 9, and each has its own sections and tables."""
    study = write_study(mode="live")
    swapped = study.frame.replace({"participant": {"P-0001": "P-0991"}})
    other = tmp_path / "other.csv"
    swapped.to_csv(other, index=False)
    made = write_report(
        [study.choices, other], [study.stimuli], tmp_path / "out", compare=[("OURS", "UNIFORM"), ("A", "B")]
    )
    html = made.html.read_text(encoding="utf-8")

    assert html.count("<h2>OURS v UNIFORM: who chose?</h2>") == 2
    assert (tmp_path / "out" / "tables" / "comparisons.csv").is_file()


def test_a_foreign_table_is_reported(tmp_path: Path) -> None:
    """Choices of another tool, without material or plan, give a report that says what was not checked."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame([(f"o{p}", f"s{q}") for p in range(12) for q in range(10)], columns=["observer", "scene"])
    path = tmp_path / "pairs.csv"
    frame.assign(condition_A="a", condition_B="b", is_A_selected=(rng.random(120) < 0.7).astype(int)).to_csv(path)

    with pytest.raises(ComparisonError, match=r"found the conditions \['a', 'b'\].*--compare A:B"):
        write_report(path, None, tmp_path / "out")
    html = write_report(path, None, tmp_path / "out", compare=[("a", "b")]).html.read_text(encoding="utf-8")
    assert "read as</strong>: pairs.csv: pwcmp" in html
    assert "not given, so what was shown is not checked" in html
    assert "no catch trials bound the careless answers" in html


@pytest.mark.parametrize("case", ["one participant", "one prompt"])
def test_poor_data_are_flagged(tmp_path: Path, write_study: Write, case: str) -> None:
    """One participant or one prompt gives a report whose estimates are flagged, never a silent number."""
    study = write_study(mode="live", people=20)
    frame = study.frame
    if case == "one participant":
        frame = frame[frame["participant"] == "P-0000"]
    else:
        frame = frame[(frame["purpose"] != "main") | (frame["item_id"] == "i0")]
        frame = frame[frame["purpose"] != "repeat"]
    frame.to_csv(study.choices, index=False)

    assert "gives no interval" in write_report(study.choices, study.stimuli, tmp_path / "out").verdict


def test_one_side_only_is_a_named_error(tmp_path: Path, write_study: Write) -> None:
    """Where everybody always takes the left side, nobody passes the declared rules, and that is said."""
    study = write_study(mode="live")
    main = study.frame["purpose"] == "main"
    left = study.frame["chosen"].mask(main, study.frame["left_condition"])
    study.frame.assign(chosen=left, response=study.frame["response"].mask(main, "left")).to_csv(
        study.choices, index=False
    )

    with pytest.raises(NoChoicesError, match="no participant that passes the exclusion rules"):
        write_report(study.choices, study.stimuli, tmp_path / "out")
