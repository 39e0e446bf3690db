"""How the executable is started and ended: one clear line for whoever must act, and an exit code that tells the truth.

The SDK ends `--test` with 0 whatever happened, a SIGTERM too, and shows a stack trace for a wrong key. These are its own hooks, overridden.
"""

from __future__ import annotations

import json
import os
import sys
from abc import abstractmethod
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, NoReturn

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.tap_base import CliTestOptionValue

from tap_hiringcenter.api.errors import ApiError
from tap_hiringcenter.api.settings import key_of
from tap_hiringcenter.bookmarks import StateError
from tap_hiringcenter.catalogs import CatalogError
from tap_hiringcenter.output import Output, Stopped
from tap_hiringcenter.settings import SYSTEMS

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from types import FrameType

    import click
    from singer_sdk.plugin_base import _ConfigInput

_SIGNAL_EXIT = 128


class InputError(Exception):
    """A file that was passed in can't be used; the message says which and why."""


class CommandLine(Tap):
    """The command line of the tap."""

    output: Output

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
        cls.print_version(print_fn=cls.logger.info)
        with cls._one_line_for_each_error():
            tap = cls._ready(
                config,
                state=None if state is None else _parsed(state, "state"),
                catalog=None if catalog is None else _parsed(catalog, "catalog"),
            )
            code = tap.run()
            sys.stdout.flush()
        if code:
            _leave(code)

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:
        with cls._one_line_for_each_error():
            try:
                return super().cb_config(ctx, param, value)
            except (OSError, ValueError) as error:
                msg = f"A settings file can't be read ({type(error).__name__}): {', '.join(value)}. It must be a JSON object."
                raise InputError(msg) from error

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

    @classmethod
    def _ready(cls, config: _ConfigInput | None, **arguments: Any) -> CommandLine:  # noqa: ANN401
        """Make the tap with settings that are enough to ask for something."""
        settings = dict(config.config) if config else {}
        parse_env = bool(config and config.parse_env)
        if parse_env:
            _refuse_unknown_variables(cls.name, cls.config_jsonschema["properties"])
        try:
            tap = cls(config=settings, parse_env_config=parse_env, **arguments)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # The SDK takes these apart without a check of its own.
            if arguments.get("catalog") is not None:
                msg = "The catalog can't be used: it is not of the form that --discover gives; nothing was read or written."
            elif parse_env:
                msg = "A variable in the environment holds something else than its setting takes (a number, or JSON)."
            else:
                raise
            raise InputError(msg) from error
        if not any(tap.config.get(key_of(system)) for system in SYSTEMS):
            msg = "At least one key is needed: set " + " or ".join(key_of(system) for system in SYSTEMS)
            raise InputError(msg)
        return tap

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        # The SDK would write a STATE here, possibly into the middle of another line, and exit with 0.
        self.output.stop(signum)

    @classmethod
    @contextmanager
    def _one_line_for_each_error(cls) -> Iterator[None]:
        try:
            yield
        except ConfigValidationError as error:
            for line in error.errors:
                cls.logger.error("Settings: %s", line)  # noqa: TRY400  # a stack trace helps nobody who mistyped a setting
            sys.exit(1)
        except (ApiError, CatalogError, InputError, StateError) as error:
            cls.logger.error("%s", error)  # noqa: TRY400  # nor anybody whose key is wrong
            sys.exit(1)
        except Stopped as stopped:
            cls.logger.error("Stopped by signal %d; the next run goes on from the last STATE", stopped.signal_number)  # noqa: TRY400
            _leave(_SIGNAL_EXIT + stopped.signal_number)
        except BrokenPipeError:
            cls.logger.error("The program that reads our output is gone; the next run goes on from the last STATE that it kept")  # noqa: TRY400
            _leave(1)
        except OSError as error:
            cls.logger.error("Can't write: %s", error.strerror or type(error).__name__)  # noqa: TRY400
            _leave(1)


def _refuse_unknown_variables(name: str, settings: Container[str]) -> None:
    """Refuse a misspelt setting in the environment, as one in a file is refused."""
    prefix = f"{name.upper().replace('-', '_')}_"
    for variable in sorted(os.environ):
        # The SDK's own variable for its log level has the same prefix; Meltano's have a second underscore.
        setting = variable.removeprefix(prefix).lower()
        if variable.startswith(prefix) and setting not in settings and setting != "loglevel" and not setting.startswith("_"):
            msg = f"There is no setting {setting!r} (variable {variable})"
            raise InputError(msg)


def _parsed(file: IO[str], what: str) -> dict[str, Any]:
    try:
        found = json.load(file)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        msg = f"The {what} file is not a JSON object; nothing was read or written."
        raise InputError(msg)
    return found


def _leave(code: int) -> NoReturn:
    """End at once: of a stream that was given up, threads may still wait for an answer, or for an hour to pass, that nobody needs any more."""
    sys.stderr.flush()
    os._exit(code)
