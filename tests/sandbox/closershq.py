"""ClosersHQ's CRM prospects: three writes, nothing to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.sandbox.bodies import find_problem
from tests.sandbox.calls import BAD_REQUEST, Answer, Call, Operation, Refusal, require_parameters
from tests.sandbox.operations import CLOSERSHQ
from tests.sandbox.system import System

if TYPE_CHECKING:
    from tests.sandbox.store import Row

_TABLE = "closershq_prospects"
_FLAGS = ("bounced", "openedEmail", "replied", "isContacted", "unSubscribed")


class ClosersHQ(System):
    """The whole API. Its documents show no answer at all."""

    name: ClassVar[str] = "closershq"
    base: ClassVar[str] = "/closershq/v1"
    operations: ClassVar[tuple[Operation, ...]] = CLOSERSHQ

    def allow(self, call: Call) -> None:
        """Check where DELETE has its email."""
        in_query = call.operation.does == "remove" and self.variant.closershq_delete_in == "query"
        require_parameters(call, ("email",) if in_query else ())

    def refuse(self, refusal: Refusal) -> Answer:
        """Whatever this API may say."""
        return self._say({"message": refusal.message, **refusal.extra}, refusal.status, refusal.headers)

    def create(self, call: Call) -> Answer:
        """Add a prospect that is not there yet."""
        email = call.body["email"]
        if self.store.find(_TABLE, email.casefold()):
            raise Refusal(self.variant.closershq_exists_status, "A prospect with this email already exists.")
        self.account.create(
            _TABLE, {"firstName": None, "lastName": None, "title": None, **dict.fromkeys(_FLAGS, False), "otherAttribute": {}, **call.body}
        )
        return self._say({"message": "Prospect added."})

    def change(self, call: Call) -> Answer:
        """Update the prospect with that email."""
        entry = self.must_find(_TABLE, call.body["email"].casefold())
        self.account.write(_TABLE, entry, {name: value for name, value in call.body.items() if name != "email"})
        return self._say({"message": "Prospect updated."})

    def remove(self, call: Call) -> Answer:
        """Delete the prospect with that email."""
        sent: Row = {"email": call.value("email")} if self.variant.closershq_delete_in == "query" else call.body
        problem = find_problem("closershq removal", sent, self.variant)
        if problem:
            raise Refusal(BAD_REQUEST, problem)
        self.store.delete(_TABLE, self.must_find(_TABLE, str(sent["email"]).casefold()))
        return self._say({"message": "Prospect deleted."})

    def _say(self, payload: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Answer:
        form = self.variant.closershq_answers
        if form == "json":
            return Answer(status, payload, dict(headers or {}))
        text = payload["message"].encode() if form == "text" else b""
        return Answer(status, payload, dict(headers or {}), raw=text, content_type="text/plain; charset=utf-8")
