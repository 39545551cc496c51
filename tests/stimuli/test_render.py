"""Rendering a small study on the embedded model."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from budgetfusion.budgets import Budget, prompt_id, read_budgets
from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.pipeline import Model, load
from budgetfusion.metrics.encoder import scene_encoder
from stimuli import render as rendering
from stimuli.index import INDEX_NAME
from stimuli.manifest import Manifest, read_manifest
from stimuli.perceived import read_perceived
from stimuli.store import Store
from stimuli.studyfile import StudyFile, read_study_file, template
from stimuli.verify import verify

STEPS = {"an empty white wall": 4, "a red ball on a green field": 6, "a crowd of people in a park": 5}


@pytest.fixture(scope="module")
def model() -> Model:
    """Return the embedded model on the CPU."""
    return load(GenerationConfig(), "cpu")


@pytest.fixture(scope="module")
def study_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the template's study with three prompts and a short reference."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "prompts.txt").write_text("\n".join(STEPS))
    (folder / "study.toml").write_text(template().replace("num_steps = 65", "num_steps = 8"))
    return folder / "study.toml"


@pytest.fixture(scope="module")
def study(study_path: Path) -> StudyFile:
    """Return it, read."""
    return read_study_file(study_path)


def budgets(model: Model) -> list[Budget]:
    """Return OURS' budgets; their mean is 5, so the last prompt's pair is identical."""
    return [
        Budget(prompt_id(p), p, "OURS", 2, n, 2, n, "d_sim", "ok", "p" * 64, model.digest) for p, n in STEPS.items()
    ]


@pytest.fixture(scope="module")
def folder(study: StudyFile, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the rendered stimuli folder."""
    out = tmp_path_factory.mktemp("stimuli")
    rendering.render(study, model, budgets(model), scene_encoder(), out)
    return out


@pytest.fixture
def manifest(folder: Path) -> Manifest:
    """Return the rendered manifest."""
    return read_manifest(folder)


def test_the_folder_verifies(folder: Path) -> None:
    """Every image is the one that the manifest names, and there is no other."""
    assert verify(folder).surplus == ()


def test_the_manifest_tells_the_engine(manifest: Manifest) -> None:
    """Bits depend on the size of its batches."""
    assert manifest.renderer.engine == "slots-16"


def test_an_item_with_equal_steps_is_identical_and_no_main_trial(manifest: Manifest) -> None:
    """Where OURS and UNIFORM chose the same steps there is nothing to compare."""
    purposes = {item.prompt: item.purpose for item in manifest.items if item.seed == 0}

    assert purposes == {
        "an empty white wall": "main",
        "a red ball on a green field": "main",
        "a crowd of people in a park": "identical",
    }


def test_the_reference_stands_beside_the_judged_images(manifest: Manifest) -> None:
    """A main item's reference is not one of the two that are judged."""
    item = manifest.items[0]

    assert item.reference is not None
    assert (item.reference.condition, item.reference.num_steps) == ("REFERENCE", 8)
    assert {name: s.num_steps for name, s in item.stimuli.items()} == {"OURS": 4, "UNIFORM": 5}


def test_one_side_of_a_catch_item_is_the_reference_itself(manifest: Manifest) -> None:
    """So a careful eye cannot be wrong."""
    item = next(item for item in manifest.items if item.purpose == "catch")

    assert item.reference is not None
    assert item.stimuli["REFERENCE"].sha256 == item.reference.sha256 != item.stimuli["OBVIOUS"].sha256


def test_the_sidecar_knows_every_judged_image(folder: Path, manifest: Manifest) -> None:
    """A simulated observer finds the distance of whatever it is shown; the obvious side is far from the reference."""
    perceived = read_perceived(folder)

    distances = {
        (item.purpose, s.condition): perceived.distance(item.reference.sha256, s.sha256)
        for item in manifest.items
        if item.reference
        for s in item.stimuli.values()
    }
    assert distances["catch", "REFERENCE"] == 0.0
    assert distances["catch", "OBVIOUS"] > 0.05


def test_the_budget_table_holds_both_rules(folder: Path) -> None:
    """OURS and UNIFORM, one row for each prompt."""
    rules = [(b.rule, b.num_steps) for b in read_budgets(folder / rendering.BUDGETS_NAME)]

    assert rules == [("OURS", 4), ("OURS", 6), ("OURS", 5)] + [("UNIFORM", 5)] * 3


def test_rendering_again_makes_nothing_and_changes_nothing(
    study: StudyFile, model: Model, folder: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there and verifies is kept."""
    monkeypatch.setattr(rendering, "Job", lambda *_: pytest.fail("an image was made again"))

    again = rendering.render(study, model, budgets(model), scene_encoder(), folder)

    assert again.digest == manifest.digest


def test_rendering_from_nothing_gives_the_same_manifest(
    study: StudyFile, model: Model, manifest: Manifest, tmp_path: Path
) -> None:
    """Digest by digest: every image is the same, bit for bit."""
    assert rendering.render(study, model, budgets(model), scene_encoder(), tmp_path).digest == manifest.digest


def test_halves_in_another_order_and_copied_together_give_the_same_manifest(
    study: StudyFile, model: Model, manifest: Manifest, tmp_path: Path
) -> None:
    """The second half is rendered first, in a folder of its own; nothing is rendered after the copy."""
    for number in (2, 1):
        half = rendering.Rendering(study, model, budgets(model), tmp_path / str(number), part=(number, 2))
        work = half.work()
        half.make(rendering.Work(work.wanted, work.missing[::-1]))
        shutil.copytree(tmp_path / str(number), tmp_path / "whole", dirs_exist_ok=True)
    whole = rendering.Rendering(study, model, budgets(model), tmp_path / "whole")

    assert [len(whole.work().missing), len(whole.work().wanted) > 8] == [0, True]
    assert whole.finish(scene_encoder()).digest == manifest.digest


KILLED = """
import os, signal, sys
from pathlib import Path
from budgetfusion.budgets import read_budgets
from budgetfusion.diffusion.pipeline import load
from stimuli import store
from stimuli.render import Rendering
from stimuli.studyfile import read_study_file

study, budgets, out = (Path(word) for word in sys.argv[1:])
study = read_study_file(study)
ours = [budget for budget in read_budgets(budgets) if budget.rule == "OURS"]
rendering = Rendering(study, load(study.generation, "cpu"), ours, out)
whole = store.encode
store.encode = lambda pixels, image_format: whole(pixels, image_format) if done < 3 else killed()
done = 0


def killed():
    (next((out / "images").glob(".*.partial"), out / "images" / ".killed.partial")).write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)


def count(steps):
    global done
    done += 1


rendering.make(rendering.work(), count)
"""


def test_a_killed_run_goes_on_and_gives_the_same_manifest(
    study: StudyFile, study_path: Path, model: Model, folder: Path, manifest: Manifest, tmp_path: Path
) -> None:
    """SIGKILL in the middle of writing the fourth image loses that image and nothing else."""
    words = [sys.executable, "-c", KILLED, str(study_path), str(folder / rendering.BUDGETS_NAME), str(tmp_path)]
    done = subprocess.run(words, check=False, cwd=Path(__file__).parents[2])
    rest = rendering.Rendering(study, model, budgets(model), tmp_path)
    work = rest.work()
    rest.make(work)

    assert done.returncode == -signal.SIGKILL
    assert len(work.wanted) - len(work.missing) == 3
    assert rest.finish(scene_encoder()).digest == manifest.digest
    assert [name for name in verify(tmp_path).surplus if not name.endswith(".partial")] == []


def test_an_object_store_holds_the_images(study: StudyFile, model: Model, manifest: Manifest, tmp_path: Path) -> None:
    """Only the small files are in the folder; a second run finds every image in the store."""
    store = Store("memory://studies/mine")
    run = rendering.Rendering(study, model, budgets(model), tmp_path, store)
    run.make(run.work())

    assert run.finish(scene_encoder()).digest == manifest.digest
    assert rendering.Rendering(study, model, budgets(model), tmp_path, store).work().missing == ()
    assert not (tmp_path / "images").exists()
    assert verify(tmp_path, store).surplus == ()


def test_an_estimate_grows_with_the_work(study: StudyFile, model: Model, tmp_path: Path) -> None:
    """It speaks of what is missing, and stores nothing."""
    run = rendering.Rendering(study, model, budgets(model), tmp_path)
    work = run.work()
    estimate, nothing = run.estimate(work), run.estimate(rendering.Work(work.wanted, ()))

    assert estimate.seconds > nothing.seconds == 0.0
    assert 0.001 < estimate.megabytes < 64 * 64 * 3 * len(work.missing) / 1e6
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_image_is_made_again(study: StudyFile, model: Model, folder: Path, manifest: Manifest) -> None:
    """A file that is not what its name says is replaced, and the index survives a line that was cut off."""
    sha256 = manifest.items[0].stimuli["OURS"].sha256
    Image.new("RGB", (64, 64)).save(folder / "images" / f"{sha256}.png")
    with (folder / INDEX_NAME).open("a") as file:
        file.write('\n["half a li')

    rendering.render(study, model, budgets(model), scene_encoder(), folder)

    assert verify(folder).manifest.digest == manifest.digest
