"""What each of the three systems must be able to do for the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, cast

from tests.sandbox.calls import NOT_FOUND, Answer, Call, LoggedRequest, Operation, Refusal, Router
from tests.sandbox.paging import Tokens, sort_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.account import Account
    from tests.sandbox.store import Entry, Key


class System(ABC):
    """One API.

    Attributes:
        name: Its name.
        base: Path of its base URL.
        operations: All that can be asked of it.
    """

    name: ClassVar[str]
    base: ClassVar[str]
    operations: ClassVar[tuple[Operation, ...]]

    def __init__(self, account: Account) -> None:
        """Serve an account."""
        self.account = account
        self.variant = account.variant
        self.store = account.store
        self.router = Router(self.operations)
        self.tokens = Tokens(account.variant)

    @abstractmethod
    def allow(self, call: Call) -> None:
        """Refuse a request whose rights or parameters don't fit; its body is checked elsewhere."""

    @abstractmethod
    def refuse(self, refusal: Refusal) -> Answer:
        """The error body of this API."""

    def finish(self, answer: Answer, log: LoggedRequest) -> None:  # noqa: B027 - two of the three add nothing
        """Add what every answer of this API carries."""

    def perform(self, call: Call) -> Answer:
        """Carry out a request."""
        does = cast("Callable[[Call], Answer]", getattr(self, call.operation.does))
        return does(call)

    def sorted_rows(self, table: str, parent: str | None = None) -> list[tuple[Key, Entry]]:
        """A list in its order."""
        name, key = sort_key(table, self.variant, self.account.seed)
        return self.store.ordered(table, parent, name, key)

    def must_find(self, table: str, row_id: str) -> Entry:
        """The row of that id.

        Raises:
            Refusal: It is not there.
        """
        entry = self.store.find(table, row_id)
        if entry is None:
            raise Refusal(NOT_FOUND, f"There is no such row in {table}.")
        return entry
