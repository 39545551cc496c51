"""Simulated observers: their choices follow their law, and they take the study as people do."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from stimuli.errors import ManifestError
from stimuli.manifest import CHOICE_COLUMNS, Choice
from study_server import dataset, export, schema
from study_server.db import Database
from study_server.errors import SimulationError
from study_server.observer import Observer, make_observer
from study_server.rehearsal import Rehearsal, rehearse
from study_server.serving import serving
from study_server.settings import Settings
from study_server.simulate import Simulation, perceiving, simulate
from study_server.studies import read_material


def rehearsal(database, **changes):
    """Return a wish for a simulation of the tiny study."""
    wish = {"name": "tiny", "observers": 6, "planted": None, "jnd": 0.1, "lapse_rate": 0.0, "seed": 3, "top_up": False}
    return Rehearsal(**{**wish, "stimuli": None, "url": None, "database": database.url, **changes})


def rows_of(database):
    """Return the choices of the tiny study."""
    with database.reading() as db:
        return export.choices(db, read_material(db, "tiny"))


@pytest.mark.parametrize(("difference", "expected"), [(0.0, 0.5), (1.0, 0.75), (2.0, 0.9113), (-1.0, 0.25)])
def test_one_jnd_is_chosen_three_times_in_four(difference, expected):
    """Thurstone's case V: the closer image is chosen with Phi(0.6745 d) for a difference of d JND."""
    observer = Observer(np.random.default_rng(1), lapse_rate=0, side_bias=0, slowness=1)
    n = 20_000

    share = sum(observer.choose(0.5, 0.5 + difference) == "left" for _ in range(n)) / n

    assert share == pytest.approx(expected, abs=4 * np.sqrt(0.25 / n))


def test_lapses_pull_the_share_towards_one_half():
    """An obvious difference is missed in half of the lapses."""
    observer = Observer(np.random.default_rng(1), lapse_rate=0.2, side_bias=0, slowness=1)

    share = sum(observer.choose(0, 50) == "left" for _ in range(20_000)) / 20_000

    assert share == pytest.approx(0.9, abs=0.01)


def test_an_observer_depends_on_seed_and_number_only():
    """Observer 5 is the same whoever else takes part, and differs from observer 6."""
    runs = [
        [make_observer(0, n, 0.02).choose(0.1, 0.2) for _ in range(1)] + [make_observer(0, n, 0.02).rt_ms()]
        for n in (5, 5, 6)
    ]

    assert runs[0] == runs[1] != runs[2]


def test_simulated_rows_say_so(created):
    """Every simulated row has mode 'bot' and its flag, and is a valid choice."""
    assert rehearse(rehearsal(created)) == 6
    rows = rows_of(created)

    assert {(row.mode, row.flags) for row in rows} == {("bot", "simulated-perceived")}
    assert len(rows) == 60
    assert {row.correct for row in rows if row.purpose == "catch"} <= {True, False}
    assert {row.correct for row in rows if row.purpose in ("main", "repeat")} == {None}


def test_the_same_seed_gives_the_same_choices(created, tiny, stimuli_folder, manifest, tmp_path):
    """Two simulations of one seed in two databases choose alike, trial by trial."""
    from study_server import studies

    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    schema.upgrade(other)
    with other.writing() as db:
        studies.create(db, tiny.study_file(), manifest, stimuli_folder)
    for database in (created, other):
        rehearse(rehearsal(database))

    first, second = ([(r.participant, r.item_id, r.response, r.rt_ms) for r in rows_of(d)] for d in (created, other))
    other.close()
    assert first == second


def test_a_planted_probability_is_what_is_chosen(created):
    """With everybody planted on the first condition, every main trial chooses it and every check is right."""
    rehearse(rehearsal(created, planted=1.0))
    rows = rows_of(created)

    assert {row.chosen for row in rows if row.purpose in ("main", "repeat")} == {"OURS"}
    assert all(row.correct for row in rows if row.purpose in ("practice", "catch"))
    assert {row.flags for row in rows} == {"simulated-planted"}


def test_observers_without_distances_name_the_missing_file(tmp_path):
    """Without the sidecar the observers cannot see."""
    with pytest.raises(ManifestError, match=r"perceived\.json: file is missing"):
        perceiving(tmp_path, 0.1)


def test_a_server_with_another_secret_is_named(created, stimuli_folder):
    """A server that does not accept the pass is an expected error with its remedy."""
    with serving(Settings("one secret", created.url)) as url:
        simulation = Simulation(url, "tiny", "another secret", perceiving(stimuli_folder, 0.1), "simulated-perceived")
        with pytest.raises(
            SimulationError, match=r"/s/tiny/start: found HTTP status 403, expected 200.*same SECRET_KEY"
        ):
            simulate(simulation, [0])


def test_exports_agree_with_each_other_and_with_themselves(created, tmp_path):
    """CSV, JSONL and Parquet hold the same rows in the contract's columns; writing again gives the same bytes."""
    rehearse(rehearsal(created, observers=2))
    rows = rows_of(created)
    first, second = (
        [path.read_bytes() for path, _ in dataset.export(created, "tiny", tmp_path / name)] for name in ("a", "b")
    )
    table = pq.read_table(tmp_path / "a" / "choices.parquet")
    lines = (tmp_path / "a" / "choices.jsonl").read_text().splitlines()

    assert first == second
    assert tuple(table.column_names) == CHOICE_COLUMNS
    assert [Choice.model_validate(row) for row in table.to_pylist()] == rows
    assert [Choice.model_validate_json(line) for line in lines] == rows
    assert (tmp_path / "a" / "choices.csv").read_text().splitlines()[0] == ",".join(CHOICE_COLUMNS)


def test_rows_come_by_session_then_trial(created):
    """The order of the export is the order of arrival, then of trials."""
    rehearse(rehearsal(created, observers=3))
    keys = [(row.session, row.trial_index) for row in rows_of(created)]

    assert keys == sorted(keys)


def test_topping_up_adds_only_who_is_missing(created):
    """A second simulation brings other observers; with top_up it brings those missing, or nobody."""
    came = [rehearse(rehearsal(created, observers=n, top_up=True)) for n in (2, 2, 3)]
    answers = {}
    for row in rows_of(created):
        answers.setdefault(row.participant, []).append(row.rt_ms)

    assert came == [2, 0, 1]
    assert len({tuple(times) for times in answers.values()}) == 3
