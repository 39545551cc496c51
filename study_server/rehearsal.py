"""A whole simulation from the outside: find the images, find or start a server, send the observers."""

import contextlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from study_server import monitor, schema, studies
from study_server.serving import serving
from study_server.settings import Settings, from_environment
from study_server.simulate import Simulation, perceiving, planted, simulate


@dataclass(frozen=True)
class Rehearsal:
    """What `budgetfusion study simulate` was asked for.

    Args:
        name: Of the study.
        observers: How many.
        planted: Probability of choosing the first condition; none: observers judge what they see.
        jnd: Distance of one JND.
        lapse_rate: Share of trials answered by a coin.
        seed: Of the observers.
        top_up: Whether those who have finished before count.
        stimuli: Folder with manifest and distances; none: the study's own.
        url: A running server with the same SECRET_KEY; none: one is started for the time it takes.
        database: Its address.
    """

    name: str
    observers: int
    planted: float | None
    jnd: float
    lapse_rate: float
    seed: int
    top_up: bool
    stimuli: Path | None
    url: str | None
    database: str

    @property
    def flag(self) -> str:
        """What marks the rows."""
        return "simulated-perceived" if self.planted is None else "simulated-planted"


def rehearse(wish: Rehearsal, tell: Callable[[], None] = lambda: None) -> int:
    """Let the observers take the study and return how many came.

    Nobody comes twice: numbers go on where an earlier simulation stopped, unless the server is somebody else's.
    """
    folder, arrived, finished = _before(wish)
    judge = perceiving(folder, wish.jnd) if wish.planted is None else planted(folder, wish.planted)
    rehearsed = Settings(secrets.token_hex(32), wish.database, images_url=os.environ.get("IMAGES_URL"))
    settings = from_environment() if wish.url else rehearsed
    count = max(0, wish.observers - finished) if wish.top_up else wish.observers
    with contextlib.nullcontext(wish.url) if wish.url else serving(settings) as url:
        simulation = Simulation(url, wish.name, settings.secret_key, judge, wish.flag, wish.seed, wish.lapse_rate)
        simulate(simulation, range(arrived, arrived + count), tell)
    return count


def _before(wish: Rehearsal) -> tuple[Path, int, int]:
    """Return the images' folder, how many simulated observers came before, and how many finished."""
    if wish.url and wish.stimuli:
        return wish.stimuli, 0, 0
    database = schema.open_database(wish.database)
    with database.reading() as db:
        material = studies.read_material(db, wish.name)
        states = monitor.overview(db, material).counts.get("bot", {})
    database.close()
    return wish.stimuli or material.folder, sum(states.values()), states.get("finished", 0)
