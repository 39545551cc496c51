"""The monitor: every person is counted once, where they stand; everything shown is counted; nothing chosen is told."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest

from study_server import balance, monitor, results, sessions, states, telemetry, timeline
from study_server.experimenter import plots, table
from study_server.funnel import funnel
from study_server.models import Session
from study_server.submission import Happening


@pytest.fixture
def desk(any_created, use_cases):
    """The driver on the tiny study, on both kinds of database."""
    return use_cases(any_created)


@pytest.fixture
def people(desk):
    """Seven live visits that stand in seven places, and a preview."""
    visit, bearer = desk.enter("a" * 24)
    desk.complete(visit, bearer)
    for person, ended in (("b" * 24, "returned"), ("c" * 24, "timed_out")):
        visit, bearer = desk.enter(person)
        desk.answer(bearer, 0)
        desk.with_row(sessions.give_back, visit, ended)
    desk.enter("d" * 24)
    desk.start("e" * 24)
    desk.with_row(sessions.decline, desk.start("f" * 24))
    desk.with_row(lambda db, stored: sessions.screen_out(db, stored, "device"), desk.enter("1" * 24)[0])
    desk.start(mode="preview")


def look(desk):
    """Return the overview."""
    with desk.database.reading() as db:
        return monitor.overview(db, desk.material)


def test_the_funnel_counts_everybody_once(desk, people):
    """Arrived, consented, and each way on; a preview is in no number of people."""
    found = funnel(look(desk).of("live"))

    assert dict(found.steps) == {
        "arrived": 7,
        "consented": 5,
        "active": 1,
        "finished": 1,
        "returned": 1,
        "timed out": 1,
        "screened out": 1,
        "others": 1,
    }


def test_who_finishes_after_the_place_was_given_back_is_late(desk):
    """A late finisher is finished and late, and is no longer returned."""
    visit, bearer = desk.enter("a" * 24)
    desk.with_row(sessions.give_back, visit, "timed_out")
    desk.complete(visit, bearer)
    found = funnel(look(desk).of("live"))

    assert (found.finished, found.late, found.timed_out) == (1, 1, 0)


def test_the_balance_counts_what_was_answered_and_where_it_stood(desk, people):
    """The answers of a place are spread over items and sides as its plan says."""
    with desk.database.reading() as db:
        found = balance.balance(db, desk.material, "live")

    assert sum(item.times for item in found.items) == 4
    assert (found.least, found.most, found.left_share) == (0, 1, 0.5)
    assert found.places == {"free": 3, "leased": 2, "finished": 1}


def test_telemetry_sums_up_and_raises_its_voice(desk):
    """Load times, second tries and page faults of one mode, and an alarm above the limits."""
    visit, _ = desk.enter("a" * 24)
    kinds = [("loaded", 4000.0), ("loaded", 5000.0), ("retried", 1.0), ("failed", None), ("hidden", None)]
    happenings = [
        Happening(uuid=f"{i:032x}", kind=kind, trial=0, value=value, happened_at=datetime.now(UTC))
        for i, (kind, value) in enumerate(kinds)
    ]
    from study_server.happenings import keep

    desk.with_row(keep, visit, happenings)
    with desk.database.reading() as db:
        found = telemetry.telemetry(db, desk.material, "live")
        other = telemetry.telemetry(db, desk.material, "bot")

    assert (found.loads, found.median_ms, found.retry_share, found.failed, found.hidden) == (2, 4500.0, 0.5, 1, 1)
    assert [words.split(":")[0].split(" ")[0] for words in found.alarms] == ["images", "images", "the"]
    assert (other.loads, other.median_ms, other.alarms) == (0, None, [])


def test_a_timeline_tells_steps_and_answers_and_no_side(desk):
    """Its steps in words, one line for all answers; no condition and no side."""
    visit, bearer = desk.enter("a" * 24)
    desk.complete(visit, bearer)
    with desk.database.reading() as db:
        stored = db.get_one(Session, visit.id)
        moments = timeline.timeline(db, stored, timeline.replies(db, desk.material, stored))
    words = [moment.words for moment in moments]

    assert words == ["started, place 0", "agreed (ethics E-1)", "trials 0 to 9: 10 answered", "finished"]
    assert not any(name in " ".join(words) for name in ("OURS", "UNIFORM", "left", "right"))


def test_results_are_seen_after_the_close_and_not_before(desk, people):
    """Before the close there are none to see; afterwards the pairs of people who finished are counted."""
    with desk.database.reading() as db:
        assert not results.may_be_seen(db, desk.material)
    desk.do(states.close, desk.material, "anna")
    with desk.database.reading() as db:
        assert results.may_be_seen(db, desk.material)
        pairs = results.results(db, desk.material)

    assert [(pair.first, pair.second, pair.decided) for pair in pairs] == [("OURS", "UNIFORM", 4)]


def test_the_table_is_sorted_filtered_and_cut_on_the_server(desk, people):
    """A wish without meaning is ignored; a filter and a sort hold over all rows."""
    rows = look(desk).of("live")
    returned = table.arrange(rows, table.read_wish({"stage": "returned", "sort": "burn", "page": "99"}))
    by_trials = table.arrange(rows, table.read_wish({"sort": "trials", "order": "down"}))

    assert [row.stage for row in returned.rows] == ["returned"]
    assert (returned.number, returned.pages) == (1, 1)
    assert by_trials.rows[0].answered == 10


def test_every_picture_is_well_formed_and_has_no_style(desk, people):
    """With and without data each picture is XML with a title, and no style that the content policy would block."""
    overview = look(desk)
    with desk.database.reading() as db:
        even, bots = (balance.balance(db, desk.material, mode) for mode in ("live", "bot"))
        stored = db.get_one(Session, overview.of("live")[0].session_id)
        replies = timeline.replies(db, desk.material, stored)
    drawn = [
        plots.arrivals(overview.of("live")),
        plots.arrivals([]),
        plots.minutes([1.0, 14.2, 15.0]),
        plots.minutes([]),
        plots.balance(even),
        plots.balance(bots),
        plots.response_times(replies, 10),
        plots.response_times([], 0),
    ]

    assert all(ET.fromstring(one)[0].tag.endswith("title") for one in drawn)  # noqa: S314 - made here
    assert not any("style" in one for one in drawn)


@pytest.mark.parametrize("hours", [0, 0.4, 5, 100, 5000])
def test_arrivals_are_drawn_whatever_the_span(desk, people, hours):
    """From a minute to half a year, everybody is in a bar."""
    from dataclasses import replace

    rows = look(desk).of("live")
    spread = [replace(row, arrived_at=row.arrived_at + timedelta(hours=hours * i / 7)) for i, row in enumerate(rows)]

    assert plots.arrivals(spread).count("<rect") >= 2
