"""The desk's pictures: who arrives, how long it takes, how evenly things are shown, how one visit went."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

from study_server.balance import Balance
from study_server.experimenter import svg
from study_server.monitor import ParticipantRow
from study_server.timeline import Reply

BINS_S = (10, 60, 300, 600, 1800, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600)
MOST_BINS = 40


def arrivals(rows: Sequence[ParticipantRow]) -> str:
    """Draw arrivals over time; the dark part of a bar has finished."""
    title = "Arrivals over time, UTC; dark: finished"
    if not rows:
        return svg.empty(title)
    first, last = min(row.arrived_at for row in rows), max(row.arrived_at for row in rows)
    width = next((s for s in BINS_S if (last - first).total_seconds() / s <= MOST_BINS), BINS_S[-1])
    start = _floor(first, width)
    count = max(6, int((last - start).total_seconds() // width) + 1)
    came, done = [0] * count, [0] * count
    for row in rows:
        place = min(count - 1, int((row.arrived_at - start).total_seconds() // width))
        came[place] += 1
        done[place] += row.state == "finished"
    ticks = svg.whole_ticks(max(came))
    frame = svg.Frame(0, count, ticks[-1])
    marks = [(place, _clock(start + timedelta(seconds=place * width), width)) for place in (0, count // 2, count)]
    parts = svg.axes(frame, marks, ticks, f"people per {_span(width)}")
    step = frame.x(1) - frame.x(0)
    for place in range(count):
        for number, colour in ((came[place], svg.PALE), (done[place], svg.ACCENT)):
            top = frame.y(number)
            parts.append(svg.bar(frame.x(place) + 0.5, top, step - 1, frame.y(0) - top, colour) if number else "")
    return svg.picture(title, parts)


def minutes(spent: Sequence[float]) -> str:
    """Draw how long people took, with the median as a dashed line."""
    title = "Minutes of each person who finished"
    if not spent:
        return svg.empty(title)
    ticks = svg.nice_ticks(max(*spent, 1.0), 5)
    count = 20
    size = ticks[-1] / count
    bins = [0] * count
    for value in spent:
        bins[min(count - 1, int(value / size))] += 1
    frame = svg.Frame(0, ticks[-1], svg.whole_ticks(max(bins))[-1])
    words = [(value, f"{value:g}") for value in ticks[:-1]] + [(ticks[-1], f"{ticks[-1]:g} min")]
    parts = svg.axes(frame, words, svg.whole_ticks(max(bins)), "people")
    step = frame.x(size) - frame.x(0)
    for place, number in enumerate(bins):
        top = frame.y(number)
        parts.append(
            svg.bar(frame.x(place * size) + 0.5, top, step - 1, frame.y(0) - top, svg.ACCENT) if number else ""
        )
    middle = median(spent)
    at, is_far = frame.x(middle), middle > 0.7 * ticks[-1]
    parts.append(svg.line(at, svg.TOP - 10, at, frame.y(0), svg.INK, is_dashed=True))
    said = f"median {middle:.1f}"
    parts.append(svg.words(at + (-5 if is_far else 5), 14, said, anchor="end" if is_far else "start"))
    return svg.picture(title, parts)


def balance(found: Balance) -> str:
    """Draw how often each item was judged with its first condition on the left (filled) and on the right (open)."""
    title = "Judgements of each triplet; filled: first condition left, open: right"
    most = max((max(item.left, item.right) for item in found.items), default=0)
    if not most:
        return svg.empty(title)
    ticks = svg.whole_ticks(most)
    frame = svg.Frame(0, len(found.items), ticks[-1])
    ends = [(0, "triplet 1"), (len(found.items), f"{len(found.items)}")]
    parts = svg.axes(frame, ends, ticks, "judgements")
    for place, item in enumerate(found.items):
        at = frame.x(place + 0.5)
        parts.append(svg.dot(at, frame.y(item.right), svg.ACCENT, is_open=True, radius=3.5))
        parts.append(svg.dot(at, frame.y(item.left), svg.ACCENT, radius=2))
    return svg.picture(title, parts)


def response_times(replies: Sequence[Reply], planned: int) -> str:
    """Draw the response time of each trial of a visit; a cross is a failed check, an open dot one with a mark."""
    title = "Response time of each trial; cross: wrong, open: hidden, zoomed or paused"
    if not replies:
        return svg.empty(title)
    cap = 4 * median(reply.rt_ms for reply in replies) / 1000
    ticks = svg.nice_ticks(min(cap, max(reply.rt_ms for reply in replies) / 1000))
    frame = svg.Frame(0, max(planned, len(replies)), ticks[-1])
    ends = [(0, "trial 0"), (frame.x_to, f"{frame.x_to:g}")]
    parts = svg.axes(frame, ends, ticks, "seconds")
    for reply in replies:
        x, y = frame.x(reply.trial_index + 0.5), frame.y(min(reply.rt_ms / 1000, ticks[-1]))
        is_wrong = reply.correct is False
        mark = svg.cross(x, y, svg.DANGER) if is_wrong else svg.dot(x, y, svg.ACCENT, is_open=bool(reply.flags))
        parts.append(mark)
    return svg.picture(title, parts)


def _floor(moment: datetime, width_s: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // width_s * width_s, UTC)


def _clock(moment: datetime, width_s: int) -> str:
    if width_s < 60:
        return moment.strftime("%H:%M:%S")
    return moment.strftime("%H:%M" if width_s < 6 * 3600 else "%d %b")


def _span(width_s: int) -> str:
    spans = ((7 * 24 * 3600, "week"), (24 * 3600, "day"), (3600, "h"), (60, "min"), (1, "s"))
    size, word = next((size, word) for size, word in spans if width_s >= size)
    number = width_s // size
    return f"{number} {word}" if number > 1 else word
