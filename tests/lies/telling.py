"""Telling a lie: which answers of a list it spoils, and how often."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tests.sandbox import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lies.kinds import Form, Kind
    from tests.sandbox import LoggedRequest, Sandbox

Place = Literal["first", "middle", "last", "every"]
PLACES: tuple[Place, ...] = ("first", "middle", "last", "every")
_TOKENS = ("cursor", "pageToken", "startAfter")


@dataclass(frozen=True)
class Page:
    """A true answer, for a lie to be made of.

    Attributes:
        form: Its form.
        body: A copy of it.
        earlier: The true answers that were given before from the same path, the oldest first.
    """

    form: Form
    body: Any
    earlier: list[Any]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its rows."""
        return self.form.rows_of(self.body)


@dataclass(frozen=True)
class Lie:
    """One way to lie.

    Attributes:
        name: What a test calls it.
        tell: Makes the lie of a true answer.
        suits: Whether answers of a form can be lied about in this way.
        is_refused: Whether a run must not end well while the lie stays in every answer. Of the others, the rule decides.
        forges: Whether it makes up rows.
    """

    name: str
    tell: Callable[[Page], Any]
    suits: Callable[[Form], bool]
    is_refused: bool = True
    forges: bool = False

    def __str__(self) -> str:
        """Its name."""
        return self.name


def _lead_on(request: LoggedRequest) -> None:
    for name in _TOKENS:
        if request.query.get(name, [""])[0].startswith("token "):
            del request.query[name]


class Telling:
    """A lie, told about a list at a place.

    Args:
        kind: The list.
        lie: The lie.
        place: Which of its pages are spoilt.
        times: How often; None is for ever.
        after: How many such pages are honest first.

    Attributes:
        told: How often it was told.
        answers: All answers that were given instead of the honest ones.
    """

    def __init__(self, kind: Kind, lie: Callable[[Page], Any], place: Place = "every", times: int | None = None, *, after: int = 0) -> None:
        self.told = 0
        self.answers: list[Any] = []
        self._left = after
        self._kind = kind
        self._lie = lie
        self._place = place
        self._times = times
        self._lock = threading.Lock()
        self._earlier: dict[str, list[Any]] = {}
        # The sandbox answers a request in one thread, where the edit learns by this which one it is.
        self._asked = threading.local()

    def plant(self, sandbox: Sandbox) -> Telling:
        """Have a sandbox tell it. Tokens that it makes up (`token 1`) lead to the first page, and are not refused."""
        sandbox.on_request(_lead_on)
        sandbox.inject(Fault("edit", stream=self._kind.stream, where=self._notice, edit=self._edit, times=None))
        return self

    def _notice(self, request: LoggedRequest) -> bool:
        self._asked.request = request
        return True

    def _edit(self, body: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(body, dict) and "error" in body and "id" not in body:
            return body  # a refusal, which is no answer to lie about
        request: LoggedRequest = self._asked.request
        form = self._kind.form
        is_first = not any(name in request.query for name in _TOKENS)
        is_last = form.ends(body)
        is_meant = {"first": is_first, "last": is_last, "middle": not is_first and not is_last, "every": True}[self._place]
        with self._lock:
            earlier = list(self._earlier.setdefault(request.path, []))
            self._earlier[request.path].append(copy.deepcopy(body))
            is_over = self._times is not None and self.told >= self._times
            if not is_meant or is_over or self._left:
                self._left -= bool(is_meant and self._left)
                return body
            self.told += 1
        answer = self._lie(Page(form, copy.deepcopy(body), earlier))
        self.answers.append(answer)
        return answer
