"""A study as an experimenter would copy it to the server: a study file, and the demo's stimuli, rendered."""

import json

from click.testing import CliRunner

from budgetfusion.cli import cli
from budgetfusion.demo import PROMPTS

MORE = ("a yellow room", "two yellow cars, a red kite, three white people and two grey flowers on a road")
"""A pair may come out identical, and twelve are judged."""

STUDY_FILE = """
[study]
name = "demo"
title = "Which picture is more similar?"
institution = "A laboratory of the tests"
contact = "a@lab.example"
ethics = "E-1"

[stimuli]
prompts = PROMPTS
seeds = [0]
practice_items = 1
check_items = 2

[design]
participants = 30
main_trials = 12
repeats = 4
blocks = 2
blank_ms = 100

[texts]
landing = "# Which picture is more similar?\\n\\nYou compare small pictures."
consent = "# Consent\\n\\nYou may stop at any time."
instructions = "# What to do\\n\\nPress **F** or **J**."
question = "Which image is more similar to the reference?"
declined = "# You did not agree\\n\\nThat is fine."
debrief = "# Thank you\\n\\nYour answers are stored."

[[texts.comprehension]]
question = "Which picture do you choose?"
answers = ["The prettier one", "The one more similar to the reference"]
right = 2

[prolific]
name = "Which picture is more similar?"
description = "<p>You compare small pictures with a reference.</p>"
minutes = 10
reward = 1.60
currency = "GBP"
places = 30
"""


def make_demo_study(root):
    """Write `demo.toml` and `stimuli/` below a folder."""
    file = root / "demo.toml"
    file.write_text(STUDY_FILE.replace("PROMPTS", json.dumps([*PROMPTS, *MORE])), encoding="utf-8")
    done = CliRunner().invoke(cli, ["stimuli", "render", str(file), "--out", str(root / "stimuli")])
    assert done.exit_code == 0, done.output
