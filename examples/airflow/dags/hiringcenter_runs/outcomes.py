"""What became of an account's run, and what to do then."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COMPLETE = "complete"
BUSY = "busy"
FAILED = "failed"
# How the tap says that nobody but people can help: a wrong key or scope, wrong settings, a state or catalog of something else.
FOR_PEOPLE = (
    "Check the setting *_api_key of this system",
    "The key has no scope",
    "Give the key the scope",
    "At least one key is needed",
    "There is no setting",
    "Settings: ",
    "can't be used: ",
)
_STREAMS_NAMED = 3
# A line of the tap in Meltano's log, after the time.
_OF_THE_TAP = re.compile(r"\] tap-hiringcenter\S* +(.+)")


class Outcome(NamedTuple):
    """What became of a run.

    Attributes:
        status: `complete`, `partial`, `failed` or `busy`.
        reason: Why it is not complete.
        is_for_people: Whether another try would end in the same way.
    """

    status: str
    reason: str = ""
    is_for_people: bool = False


def judge(step: str, code: int, report: Mapping[str, Any] | None, log: Iterable[str] = ()) -> Outcome:
    """What became of a run.

    Args:
        step: What ran last.
        code: Its exit code.
        report: The tap's run report; None when it left none.
        log: Lines of the log, which are asked where there is no report: Meltano looks for streams before it runs the tap, and a wrong key or
            setting shows there.

    Returns:
        The outcome. It is complete only where the step ended well and the report says so too.
    """
    if report is None:
        told = list(dict.fromkeys(line[1] for line in map(_OF_THE_TAP.search, log) if line and _is_for_people(line[1])))
        if told:
            return Outcome(FAILED, "; ".join(told), is_for_people=True)
        return Outcome(FAILED, f"{step} ended with exit code {code}, and the tap left no run report: see the log")
    reasons = _reasons(report)
    if reasons:
        text = "; ".join(f"{streams}: {reason}" if streams else reason for reason, streams in reasons.items())
        return Outcome(report["status"], text, all(map(_is_for_people, reasons)))
    if report["status"] != COMPLETE:
        return Outcome(report["status"], "the run report has no reason: see the log")
    if code:
        return Outcome(FAILED, f"{step} ended with exit code {code}, although the tap read everything: see the log")
    return Outcome(COMPLETE)


def settled(outcome: Outcome, tries: int, *, whole: bool) -> Outcome:
    """What to make of an account that another run has.

    An hourly run leaves it to that one, which reads what it would have. A run that reads everything has to come; and so has a later try: it
    follows a worker that was lost, whose programs may go on without it, and may still fail.

    Args:
        outcome: The outcome.
        tries: The number of this try.
        whole: Whether all was to be read.
    """
    return outcome._replace(status=FAILED) if outcome.status == BUSY and (whole or tries > 1) else outcome


def summary(accounts: Iterable[str], outcomes: Mapping[str, Outcome]) -> tuple[list[str], list[str]]:
    """What people must know of a run of many accounts.

    Args:
        accounts: All that there are.
        outcomes: What became of those that ended; one whose worker was lost has none.

    Returns:
        A line for each account that is not complete, and one for each that another run is reading.
    """
    lost = Outcome(FAILED, "its run left no word: it was killed, or never began; see its log")
    ended = {account: outcomes.get(account, lost) for account in accounts}
    missing = [f"{account}: {outcome.status}: {outcome.reason}" for account, outcome in ended.items() if outcome.status not in {COMPLETE, BUSY}]
    return missing, [f"{account}: {outcome.reason}" for account, outcome in ended.items() if outcome.status == BUSY]


def _reasons(report: Mapping[str, Any]) -> dict[str, str]:
    """Why a run is not complete, and for each reason which streams have it."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, stream in report["streams"].items():
        if stream["status"] != COMPLETE:
            found[stream["reason"] or "no reason is told"].append(name)
    if report["reason"]:
        found[report["reason"]] = []
    return {reason: _shortened(streams) for reason, streams in found.items()}


def _shortened(streams: list[str]) -> str:
    named, others = streams[:_STREAMS_NAMED], len(streams) - _STREAMS_NAMED
    return ", ".join(named) + (f" and {others} more" if others > 0 else "")


def _is_for_people(reason: str) -> bool:
    return any(sentence in reason for sentence in FOR_PEOPLE)
