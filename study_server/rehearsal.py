"""A whole simulation from the outside: find the images, find or start a server, send the observers."""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from study_server import schema, studies
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
        jnd: Distance of one JND; none: a quarter of the largest.
        lapse_rate: Share of trials answered by a coin.
        seed: Of the observers.
        stimuli: Folder with manifest and distances; none: the study's own.
        url: A running server with the same SECRET_KEY; none: one is started for the time it takes.
        database: Its address.
    """

    name: str
    observers: int
    planted: float | None
    jnd: float | None
    lapse_rate: float
    seed: int
    stimuli: Path | None
    url: str | None
    database: str


def rehearse(wish: Rehearsal, tell: Callable[[], None] = lambda: None) -> str:
    """Let the observers take the study and return the flag that marks their rows."""
    folder = wish.stimuli or _folder(wish)
    judge = perceiving(folder, wish.jnd) if wish.planted is None else planted(folder, wish.planted)
    flag = "simulated-perceived" if wish.planted is None else "simulated-planted"
    settings = from_environment() if wish.url else Settings(secrets.token_hex(32), wish.database)
    with contextlib.nullcontext(wish.url) if wish.url else serving(settings) as url:
        simulation = Simulation(url, wish.name, settings.secret_key, judge, flag, wish.seed, wish.lapse_rate)
        simulate(simulation, wish.observers, tell)
    return flag


def _folder(wish: Rehearsal) -> Path:
    database = schema.open_database(wish.database)
    with database.reading() as db:
        folder = studies.read_material(db, wish.name).folder
    database.close()
    return folder
