"""The command line of the tap: what it adds to that of every executable.

The SDK ends `--test` with 0 whatever happened. These are its own hooks, overridden.
"""

from __future__ import annotations

import json
import sys
from abc import abstractmethod
from typing import IO, TYPE_CHECKING, Any

from singer_sdk import Tap
from singer_sdk.tap_base import CliTestOptionValue

from tap_hiringcenter.api.program import InputError, Program
from tap_hiringcenter.catalogs import NO_CATALOG

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click
    from singer_sdk.plugin_base import _ConfigInput


class CommandLine(Program, Tap):
    """The command line of the tap."""

    @abstractmethod
    def run(self) -> int:
        """Sync everything that is selected, and return the exit code."""

    @abstractmethod
    def test(self) -> Iterator[tuple[str, bool]]:
        """Check each configured key; yields a line for people, and whether it is good news."""

    @classmethod
    @override
    def invoke(  # type: ignore[override]  # the SDK's own taps narrow this signature as well
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        if about:
            cls.print_about(about_format)
            return

        def make() -> CommandLine:
            return cls._ready(
                config,
                misfit=None if catalog is None else NO_CATALOG,
                state=None if state is None else _parsed(state, "state"),
                catalog=None if catalog is None else _parsed(catalog, "catalog"),
            )

        cls._conclude(config, make, cls.run)

    @classmethod
    @override
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        with cls._one_line_for_each_error():
            super().cb_discover(ctx, param, value)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        with cls._one_line_for_each_error():
            if value != CliTestOptionValue.All.value:
                super().cb_test(ctx, param, value)
                return
            is_good = True
            for line, is_good_line in cls._ready(ctx.params.get("config")).test():
                print(line)  # noqa: T201  # the answer to --test
                is_good = is_good and is_good_line
            ctx.exit(0 if is_good else 1)


def _parsed(file: IO[str], what: str) -> dict[str, Any]:
    try:
        found = json.load(file)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        msg = f"The {what} file is not a JSON object; nothing was read or written."
        raise InputError(msg)
    return found
