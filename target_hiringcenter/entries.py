"""What the ledger knows of one record. Apart from the ledger itself, so that who has no use for a database doesn't load one."""

from __future__ import annotations

import msgspec

from tap_hiringcenter.api.program import InputError

PENDING = "pending"
WRITTEN = "written"
REJECTED = "rejected"
DELETED = "deleted"


class LedgerError(InputError):
    """The ledger can't be used; nothing is written without it."""


class Entry(msgspec.Struct, gc=False):
    """What is known of one record.

    Attributes:
        version: Number of the content that was last sent; a new one for each change, also back to an earlier content.
        content: Digest of that content.
        outcome: `pending` while it isn't known whether it was written, else `written`, `rejected` or `deleted`.
        remote_id: The API's id of the row, once known.
        match: Digests of what the API finds the row by (e-mail, phone), with spaces between them.
        marks: While pending: digests of what makes a row the one that may have been created, with spaces between them.
        since: While pending: the server's time before the first attempt (RFC 3339, UTC).
        step: While pending: how many of the record's actions are done.
        probe: While pending: what was counted before an action.
        fingerprint: Ties the record, as it came, to its content (see `Fingerprints`); empty where nothing does.
    """

    version: int = 0
    content: str = ""
    outcome: str = ""
    remote_id: str | None = None
    match: str = ""
    marks: str = ""
    since: str | None = None
    step: int = 0
    probe: int | None = None
    fingerprint: str = ""

    def settle(self, outcome: str) -> None:
        """Note what became of it; what was needed to find that out is forgotten."""
        self.outcome = outcome
        self.marks, self.since, self.step, self.probe = "", None, 0, None
