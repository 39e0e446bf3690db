"""The way of a request: logged, let in, counted, met by faults, carried out, answered."""

from __future__ import annotations

import hmac
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.sandbox.bodies import require_body
from tests.sandbox.calls import CONFLICT, UNAUTHORIZED, Answer, Call, LoggedRequest, Refusal, parse_body, parse_query
from tests.sandbox.closershq import ClosersHQ
from tests.sandbox.faults import Fault, FaultPlan
from tests.sandbox.hiringcenter_writes import HiringCenter
from tests.sandbox.idempotency import IdempotencyKeys
from tests.sandbox.limits import RollingLimits
from tests.sandbox.prospectb2b_writes import ProspectB2B

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.sandbox.account import Account
    from tests.sandbox.system import System
    from tests.sandbox.variant import Limits

# They open nothing but a sandbox.
KEYS = {
    "hiringcenter": "sandbox-hiringcenter-key",
    "prospectb2b": "pb2b_live_sandbox_0123456789abcdef",
    "closershq": "sandbox-closershq-key",
}
SYSTEMS: tuple[type[System], ...] = (HiringCenter, ProspectB2B, ClosersHQ)


@dataclass(frozen=True)
class Message:
    """A request as it came over the wire.

    Attributes:
        method: In capitals.
        path: Below the system's base, still encoded.
        query: Still encoded.
        headers: Names in lower case.
        content: The body.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    content: bytes


class Engine:
    """Answers requests to all three systems."""

    def __init__(self, account: Account, limits: Limits | None) -> None:
        """Open the doors.

        Args:
            account: What is behind the three APIs.
            limits: Requests that are allowed, or None for any number.
        """
        self.account = account
        self.systems = {kind.name: kind(account) for kind in SYSTEMS}
        self.limits = RollingLimits(limits, account.variant, account.clock)
        self.idempotency = IdempotencyKeys(account.variant, account.clock)
        self.faults = FaultPlan()
        self.requests: list[LoggedRequest] = []
        self.before: list[Callable[[LoggedRequest], None]] = []
        self.after: list[Callable[[LoggedRequest], None]] = []
        self.mistakes: list[Exception] = []
        self.stopping = threading.Event()

    def answer(self, name: str, message: Message) -> Answer:
        """Answer a request.

        Args:
            name: The system.
            message: The request.
        """
        system = self.systems[name]
        headers = dict(message.headers)
        log = LoggedRequest(name, message.method, message.path, parse_query(message.query), headers, parse_body(message.content), time.time())
        try:
            operation, ids = system.router.find(message.method, message.path)
            log.stream, log.table = operation.stream, operation.table or None
            found: Call | Refusal = Call(log, message.content, operation, ids)
        except Refusal as refusal:
            found = refusal
        self.requests.append(log)
        try:
            for callback in list(self.before):
                callback(log)
            answer = self._respond(system, log, found)
            for callback in list(self.after):
                callback(log)
        except Exception as mistake:  # noqa: BLE001 - kept, and raised where the test can see it
            self.mistakes.append(mistake)
            answer = Answer(500, {"message": f"The sandbox itself failed: {mistake!r}"})
        log.status = None if answer.wire == "reset" else answer.status
        return answer

    def _respond(self, system: System, log: LoggedRequest, found: Call | Refusal) -> Answer:
        counted: dict[str, str] = {}
        fault = None
        try:
            _require_key(log)
            counted = self.limits.take(log.system)
            fault = self.faults.meet(log)
            if fault:
                log.fault = fault.action
            if fault and not fault.is_afterwards:
                answer = self._planted(system, fault)
            elif isinstance(found, Refusal):
                raise found
            else:
                answer = self._carry_out(system, found, fault)
        except Refusal as refusal:
            answer = self._refused(system, refusal)
        answer.headers = {**counted, **answer.headers}
        own = fault is not None and fault.body is not None and not fault.is_afterwards
        payload = answer.payload
        system.finish(answer, log)
        if own:
            # What a test wrote is sent as it was written.
            answer.payload = payload
        return fault.spoil(answer) if fault and fault.is_afterwards else answer

    def _refused(self, system: System, refusal: Refusal) -> Answer:
        told = self.account.variant.conflict_body if refusal.status == CONFLICT else "reason"
        if told == "phrase":
            refusal = Refusal(refusal.status, HTTPStatus(refusal.status).phrase, headers=refusal.headers)
        answer = system.refuse(refusal)
        return Answer(answer.status, headers=answer.headers, raw=b"", content_type="text/plain") if told == "nothing" else answer

    @staticmethod
    def _planted(system: System, fault: Fault) -> Answer:
        if fault.action == "status" and fault.body is None:
            return system.refuse(Refusal(fault.status or 503, "As planted.", headers=fault.headers))
        return fault.answer()

    def _carry_out(self, system: System, call: Call, fault: Fault | None) -> Answer:
        system.allow(call)
        require_body(call, self.account.variant)

        def perform() -> Answer:
            if fault and fault.action == "delay":
                self.stopping.wait(fault.seconds)
            with self.account.store.lock:
                answer = system.perform(call)
                call.log.is_performed = True
                return answer

        return self.idempotency.run(call, perform)


def _require_key(log: LoggedRequest) -> None:
    sent = log.headers.get("authorization", "")
    if not hmac.compare_digest(sent.encode(), f"Bearer {KEYS[log.system]}".encode()):
        raise Refusal(UNAUTHORIZED, "The key is missing, malformed or not valid.")
