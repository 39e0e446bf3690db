"""Where batches are handed over, to be worked off while more is read."""

from __future__ import annotations

from collections import deque
from concurrent.futures import wait
from typing import TYPE_CHECKING

from target_hiringcenter.foreman import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_hiringcenter.foreman import Foreman
    from target_hiringcenter.sinks.base import ApiSink
    from target_hiringcenter.writes import Row

# One whose last writes are under way, and one whose first ones are.
_MOST_BEGUN = 2
# A signal that comes just before a wait begins is heeded when it is over.
_LONGEST_WAIT = 1.0
# More than the foreman waits for answers when the run is broken off.
_LAST_MOMENT = 8.0


class Desk:
    """Hands batches over, and waits for their end; for the main thread only.

    Args:
        foreman: Who works them off.
    """

    def __init__(self, foreman: Foreman) -> None:
        self._foreman = foreman
        # Those whose end nobody has looked at yet, all of one sink.
        self._begun: deque[Job] = deque()

    def make_room(self, sink: ApiSink) -> None:
        """Wait until a batch of a sink can be begun: what was begun for another one comes to its end first.

        Args:
            sink: The sink.

        Raises:
            Stopped: As `finish` does all that it raises.
        """
        self._wait(_MOST_BEGUN - 1 if self._begun and self._begun[-1].sink is sink else 0)

    def begin(self, sink: ApiSink, records: list[Row], then: Callable[[], None] | None) -> None:
        """Begin to bring each record to its end: written, unchanged, rejected or, in a dry run, skipped.

        There must be room, and nothing may break in: nobody would work off what is handed over by half, and all would wait for it.

        Args:
            sink: The records' sink.
            records: The records, in their order; the list forgets each when its turn has come.
            then: What is to be done when all of them, and all before them, have come to their end, if anything.
        """
        job = Job(sink, records, then)
        self._begun.append(job)
        self._foreman.take(job)

    def finish(self) -> None:
        """Wait until all that was begun has come to its end.

        Raises:
            SystemEndedError: A system can't be asked any more; the records that have no end are left to the next run.
            LedgerError: The ledger can't be used.
            OSError: The rejects can't be kept, or the STATE can't be passed on.
            Stopped: The process was asked to stop.
        """
        self._wait(0)

    def _wait(self, most: int) -> None:
        """Wait until there are no more begun than so many, and look at the end of those that have come to it."""
        while self._begun and (len(self._begun) > most or self._begun[0].end.done()):
            end = self._begun[0].end
            if wait([end], _LONGEST_WAIT).done:
                # What has failed stays so, however often it is asked.
                end.result()
                self._begun.popleft()

    @property
    def is_idle(self) -> bool:
        """Whether all that was begun has come to its end."""
        return all(job.end.done() for job in self._begun)

    def break_off(self) -> None:
        """Begin nothing more; what is under way is given a moment, and no more than that: whoever takes STATE may not take any."""
        self._foreman.break_off()
        wait([job.end for job in self._begun], _LAST_MOMENT)
