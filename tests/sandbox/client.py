"""A plain client of the three APIs, for the sandbox's own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox.sandbox import Sandbox

_ENOUGH = 1000


class Client:
    """Sends requests with a system's key, each over a connection of its own."""

    def __init__(self, sandbox: Sandbox, system: str, key: str | None = None) -> None:
        """Choose a system.

        Args:
            sandbox: Where it is played.
            system: Its name.
            key: Another key than the valid one.
        """
        self._url = str(getattr(sandbox, f"{system}_url"))
        self._headers = {"Authorization": f"Bearer {key or getattr(sandbox, f'{system}_key')}"}

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:  # noqa: ANN401 - any JSON
        """Send one request, and follow no redirect."""
        headers = {**self._headers, **(headers or {})}
        return requests.request(method, self._url + path, params=query, json=body, headers=headers, timeout=10, allow_redirects=False)

    def get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - any JSON
        """The JSON of a successful read."""
        answer = self.send("GET", path, **query)
        assert answer.status_code == requests.codes.ok, answer.text
        return answer.json()

    def pages(self, path: str, **query: Any) -> Iterable[list[dict[str, Any]]]:  # noqa: ANN401 - any JSON
        """The pages of a list, as its envelope leads from one to the next."""
        for _ in range(_ENOUGH):
            body = self.get(path, **query)
            end = body.get("pagination", body)
            yield next(body[name] for name in ("data", "items", "notes", "prospects") if name in body)
            token = end.get("next_cursor") if end.get("has_more", True) else None
            if token:
                query["cursor"] = token
            elif end.get("nextPageToken"):
                query["pageToken"] = end["nextPageToken"]
            elif end.get("lastNote"):
                query["startAfter"] = end["lastNote"]
            else:
                return
        message = f"{path} has no end"
        raise AssertionError(message)

    def ids(self, path: str, **query: Any) -> list[str]:  # noqa: ANN401 - any JSON
        """The ids of a whole list, in its order."""
        return [row["id"] for page in self.pages(path, **query) for row in page]
