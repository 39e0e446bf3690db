"""What is measured of the tap: whole lists, lists of children, all streams at once, and how long it takes to start."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.contestants import FLOOR, OURS
from bench.rounds import Result, Run, rounds, say
from bench.serving import served
from bench.tables import Table, count, seconds, times
from bench.writes import LATENCY, idle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.contestants import Contestants
    from bench.sizes import Sizes

ACTIVITIES = 10
_AT_ONCE = 8
_SYSTEMS = {"leads": "ProspectB2B, which filters by time of change", "meetings": "HiringCenter, whose times are Unix milliseconds"}


def lists(contestants: Contestants, sizes: Sizes) -> Iterator[Table]:
    """Read a whole list of each system, from a server that answers at once."""
    with served(rows=sizes.rows) as server:
        rate = server.rate()
        for stream, system in _SYSTEMS.items():
            say(f"{stream}: {sizes.rows} rows")
            start_up = _start_up(contestants, sizes, _AT_ONCE, stream)
            others, left_out = contestants.others(server, _AT_ONCE, stream)
            results = rounds([contestants.ours(server, _AT_ONCE, [stream]), *others], sizes.rounds, server, rows=sizes.rows)
            floor = next((one for one in results if one.name == FLOOR and one.runs), None)
            alone = {one.name: one.seconds - start_up[one.name] for one in results if one.runs and one.name in start_up}
            cells = [
                [
                    one.name,
                    seconds(one.seconds),
                    times(one.ratio(floor)) if floor else "-",
                    seconds(alone[one.name]) if one.name in alone else "-",
                    times(alone[one.name] / alone[FLOOR]) if one.name in alone and FLOOR in alone else "-",
                    seconds(one.busy),
                    count(sizes.rows / one.seconds),
                    count(one.memory),
                    *([count(sum(one.served.requests.values())), seconds(one.served.busy)] if one.served else ["-", "-"]),
                ]
                for one in _ranked(results)
            ]
            yield Table(
                f"Lists: {sizes.rows:,} rows of 14 fields of {stream} at 200 a page ({system})",
                (
                    "",
                    "seconds",
                    "times the floor",
                    "without start-up, seconds",
                    "times the floor",
                    "of processors, seconds",
                    "rows a second",
                    "most memory, MB",
                    "requests",
                    "server busy, seconds",
                ),
                cells,
                [f"The server alone gives {rate:,.0f} rows a second to one who throws them away.", *left_out, *_failures(results)],
                {one.name: one.seconds for one in _ranked(results)},
            )


def children(contestants: Contestants, sizes: Sizes) -> Iterator[Table]:
    """Read a list of children for each parent, from a server that takes its time for them."""
    with served(rows=sizes.parents, children=ACTIVITIES) as server:
        server.slow("/activities$", LATENCY)
        for at_once in sizes.at_once:
            say(f"children of {sizes.parents} parents, {at_once} at once")
            bound = sizes.parents * LATENCY / at_once
            start_up = _start_up(contestants, sizes, at_once, "lead_activities")
            others, left_out = contestants.others(server, at_once, "lead_activities")
            if at_once != sizes.at_once[0]:
                # One at a time is one at a time, however many there may be.
                others = [one for one in others if one.most > 1]
            ours = contestants.ours(server, at_once, ["lead_activities"])
            results = rounds([ours, *others], max(1, sizes.rounds - 2), server, rows=sizes.parents * ACTIVITIES)
            yield Table(
                f"Children: {sizes.parents:,} parents with {ACTIVITIES} rows each, {LATENCY * 1000:.0f} ms an answer, {at_once} at once",
                ("", "seconds", "times the bound", "without start-up, times the bound", "most memory, MB"),
                [
                    ["latency bound", seconds(bound), "1.00", "1.00", "-"],
                    *(
                        [
                            one.name,
                            seconds(one.seconds),
                            times(one.seconds / bound),
                            times((one.seconds - start_up[one.name]) / bound) if one.name in start_up else "-",
                            count(one.memory),
                        ]
                        for one in _ranked(results)
                    ),
                ],
                [*left_out, *_failures(results)],
                {one.name: one.seconds for one in _ranked(results)},
                bound,
            )


def streams(contestants: Contestants, sizes: Sizes) -> Iterator[Table]:
    """Read all streams of both systems, from a server that takes its time for each answer."""
    with served(rows=sizes.small, small=sizes.small, children=2) as server:
        server.slow("^/(hiringcenter|prospectb2b)/", LATENCY)
        cells = []
        for at_once in sizes.at_once:
            say(f"all streams, {at_once} at once")
            (result,) = rounds([contestants.ours(server, at_once)], max(1, sizes.rounds - 2), server)
            if not result.runs or not result.served:
                yield Table("All streams", (), (), _failures([result]))
                return
            bound = max(result.served.requests.values()) * LATENCY / at_once
            asked = (count(number) for number in result.served.requests.values())
            cells.append([str(at_once), *asked, seconds(bound), seconds(result.seconds), times(result.seconds / bound), count(result.memory)])
        yield Table(
            f"All 39 streams of both systems, {LATENCY * 1000:.0f} ms an answer ({OURS})",
            (
                "at once",
                "requests to HiringCenter",
                "to ProspectB2B",
                "bound: the slower system's requests, seconds",
                "seconds",
                "times the bound",
                "most memory, MB",
            ),
            cells,
        )


def start(contestants: Contestants, sizes: Sizes) -> Iterator[Table]:
    """Start, and do next to nothing."""
    with served(rows=0) as server:
        tap = contestants.executable(OURS)
        empty = contestants.ours(server, _AT_ONCE, ["leads"])
        runs = [
            Run("import of singer_sdk alone", [contestants.interpreter(), "-c", "import singer_sdk"]),
            Run("tap-hiringcenter --version", [tap, "--version"]),
            Run("tap-hiringcenter --discover", [tap, "--discover"]),
            replace(empty, name="tap-hiringcenter, a sync of nothing"),
            Run("target-hiringcenter --version", [contestants.executable("target-hiringcenter"), "--version"]),
            idle(contestants, server),
        ]
        say("start-up")
        results = rounds(runs, sizes.starts, server)
        cells = [[one.name, seconds(one.seconds), times(one.ratio(results[0])), count(one.memory)] for one in results if one.runs]
        yield Table("Start-up", ("", "seconds", "times the import", "most memory, MB"), cells, _failures(results))


def _start_up(contestants: Contestants, sizes: Sizes, at_once: int, stream: str) -> dict[str, float]:
    """How many seconds each contestant takes where there is nothing to read: what it imports is a matter of its own (see `start`).

    To be called before the runs that are measured are made, since they have the same settings files.
    """
    with served(rows=0) as server:
        others, _ = contestants.others(server, at_once, stream)
        results = rounds([contestants.ours(server, at_once, [stream]), *others], max(1, sizes.rounds - 2))
    return {one.name: one.seconds for one in results if one.runs}


def _ranked(results: Sequence[Result]) -> list[Result]:
    return sorted((one for one in results if one.runs), key=lambda one: one.seconds)


def _failures(results: Sequence[Result]) -> list[str]:
    return [f"Left out: {one.name}, which failed ({one.failure})." for one in results if one.failure]
