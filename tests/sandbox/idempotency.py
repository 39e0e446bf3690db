"""Idempotency keys: the first answer again for the same request, a conflict for another."""

from __future__ import annotations

import copy
import hashlib
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.sandbox.calls import BAD_REQUEST, CONFLICT, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.calls import Answer, Call
    from tests.sandbox.times import Clock
    from tests.sandbox.variant import Variant

HEADERS = {"hiringcenter": "x-idempotency-key", "prospectb2b": "idempotency-key"}
_LONGEST = 512


@dataclass
class _Memory:
    fingerprint: str
    until: float
    answer: Answer | None = None


class IdempotencyKeys:
    """What each system remembers of the keys that it was sent."""

    def __init__(self, variant: Variant, clock: Clock) -> None:
        """Start with no memory.

        Args:
            variant: Whether keys do anything, and for how long.
            clock: Whose seconds count.
        """
        self._variant = variant
        self._clock = clock
        self._lock = threading.Lock()
        self._memories: dict[tuple[str, str], _Memory] = {}
        self._held: set[str] = set()

    def hold(self, key: str) -> None:
        """Act as if the first request with this key were still under way."""
        self._held.add(key)

    def release(self, key: str) -> None:
        """End that."""
        self._held.discard(key)

    def run(self, call: Call, perform: Callable[[], Answer]) -> Answer:
        """Carry out a request once for its key.

        Args:
            call: The request.
            perform: Carries it out.

        Raises:
            Refusal: The key is too long, was used for another request, or its first request is under way.
        """
        key = call.log.headers.get(HEADERS.get(call.log.system, ""))
        is_ignored = self._variant.idempotency == "ignored" or (call.log.system == "hiringcenter" and self._variant.is_older(call.operation.table))
        if key is None or is_ignored or not call.operation.takes_key:
            return perform()
        if not key or (call.log.system == "hiringcenter" and len(key) > _LONGEST):
            raise Refusal(BAD_REQUEST, f"An idempotency key has 1 to {_LONGEST} characters.")
        place, fingerprint, now = (call.log.system, key), _fingerprint(call), self._clock.now().timestamp()
        with self._lock:
            memory = self._memories.get(place)
            if memory and memory.until < now:
                memory = None
            if memory and memory.fingerprint != fingerprint:
                raise Refusal(CONFLICT, "This idempotency key was used for another request.")
            if key in self._held or (memory and memory.answer is None):
                raise Refusal(CONFLICT, "The first request with this idempotency key is still being worked on.")
            if memory and memory.answer:
                call.log.is_replay = True
                return copy.deepcopy(memory.answer)
            memory = self._memories[place] = _Memory(fingerprint, now + self._variant.idempotency_seconds)
        try:
            answer = perform()
        except BaseException:
            # A request that was refused may be mended and sent with the same key.
            with self._lock:
                del self._memories[place]
            raise
        memory.answer = copy.deepcopy(answer)
        return answer


def _fingerprint(call: Call) -> str:
    content = [call.log.method, call.log.path, call.log.query, call.log.body]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
