"""The three systems: where they are, and what each allows while it has not said otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class System:
    """One API, as far as it is the same for every request to it.

    Attributes:
        name: What its settings begin with (`<name>_api_key`, `<name>_api_url`).
        label: What people call it.
        url: Base URL when no setting gives another.
        check_path: Path of the operation that tells whether a key works, or None where the API has none.
        requests_per_minute: Ceiling while the server has not told its own.
        requests_per_hour: A second ceiling, or None where no hour window is documented.
        idempotency_header: Header that carries an idempotency key, or None where the API knows none.
        answers_json: Whether its answers are documented as JSON; where they aren't, the status alone tells.
    """

    name: str
    label: str
    url: str
    check_path: str | None
    requests_per_minute: int
    requests_per_hour: int | None = None
    idempotency_header: str | None = None
    answers_json: bool = True


# The copies of HiringCenter's overview give three pairs of limits; this is the tightest number of each kind (API overview, "Rate limits").
HIRINGCENTER = System(
    name="hiringcenter",
    label="HiringCenter",
    url="https://api.hiringcenterpro.com/v2",
    check_path="/auth",
    requests_per_minute=300,
    requests_per_hour=5400,
    # API overview, "Idempotency": at most 512 characters, for POST and DELETE.
    idempotency_header="X-Idempotency-Key",
)

# A rolling minute is documented, its size is not (ProspectB2B, "Authentication").
PROSPECTB2B = System(
    name="prospectb2b",
    label="ProspectB2B",
    url="https://login.prospectb2b.com/api/public/v1",
    check_path="/me",
    requests_per_minute=60,
    # Reference: listed on ten of its POSTs.
    idempotency_header="Idempotency-Key",
)

# Nothing is documented of its limits and its answers, and it has no operation that reads.
CLOSERSHQ = System(
    name="closershq",
    label="ClosersHQ",
    url="https://api.closershq.io/v1",
    check_path=None,
    requests_per_minute=60,
    answers_json=False,
)
