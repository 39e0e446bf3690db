"""How an executable is started and ended: one clear line for whoever must act, and an exit code that tells the truth.

The SDK ends a SIGTERM with 0, shows a stack trace for a wrong key, and takes a misspelt variable for none. These are its own hooks,
overridden for tap and target alike.
"""

from __future__ import annotations

import gc
import os
import sys
from abc import abstractmethod
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.plugin_base import PluginBase

from tap_hiringcenter.api import settings
from tap_hiringcenter.api.errors import ApiError
from tap_hiringcenter.api.reports import Report
from tap_hiringcenter.api.settings import key_of
from tap_hiringcenter.api.transport import Transport
from tap_hiringcenter.api.usage import Allowance

if sys.version_info >= (3, 12):
    from typing import Self, override
else:
    from typing_extensions import Self, override

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from types import FrameType

    import click
    from singer_sdk.plugin_base import _ConfigInput

    from tap_hiringcenter.api.systems import System

_Made = TypeVar("_Made")
_REPORT_PATH = "run_report_path"
_SIGNAL_EXIT = 128
# More than there are of a page or a batch at any time, so that their rows are gone before anybody looks.
_OBJECTS_BETWEEN_LOOKS = 100_000


class InputError(Exception):
    """What was passed in can't be used; the message says what, why and what to do."""


class Stopped(BaseException):
    """The process was asked to stop (SIGTERM, SIGINT).

    Args:
        signal_number: By which signal.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


class Stopping:
    """How the main thread is stopped by a signal: at once, but not within what must be done as a whole."""

    def __init__(self) -> None:
        self._is_held_up = False
        self._signal_number: int | None = None

    def stop(self, signal_number: int) -> None:
        """Stop by raising `Stopped`. To be called from a signal handler.

        Args:
            signal_number: By which signal.

        Raises:
            Stopped: At once, or at the end of what is done as a whole.
        """
        self._signal_number = signal_number
        if not self._is_held_up:
            raise Stopped(signal_number)

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Do something as a whole.

        Raises:
            Stopped: A signal came meanwhile, or had come before.
        """
        self._is_held_up = True
        try:
            yield
        finally:
            self._is_held_up = False
        if self._signal_number is not None:
            raise Stopped(self._signal_number)


class Program(PluginBase):
    """What the SDK's tap and target are built on, with other manners; to be named before `Tap` or `Target` among the bases of a class.

    Attributes:
        systems: The systems that the executable speaks to.
    """

    systems: ClassVar[Sequence[System]]

    @abstractmethod
    def stop(self, signal_number: int) -> None:
        """Stop soon. Called from a signal handler: in the main thread, between any two steps, and perhaps before `__init__` is at its end.

        Args:
            signal_number: By which signal (SIGTERM, SIGINT).

        Raises:
            Stopped: At once, or later from where it is safe to stop.
        """

    @cached_property
    def _transports(self) -> dict[System, Transport]:
        """How each system that has a key is asked; all of them share the run's ceiling of requests."""
        allowance = Allowance(self.config.get("max_requests"))
        return {system: Transport(system, self.config, allowance) for system in self.systems if self.config.get(key_of(system))}

    def mistakes(self) -> list[str]:
        """What is wrong with settings that are of the right types: one sentence for each mistake."""
        return settings.mistakes(self.systems, self.config)

    @classmethod
    def _conclude(cls, config: _ConfigInput | None, make: Callable[[], _Made], run: Callable[[_Made], int]) -> None:
        """Run, and end as the run did: with its exit code, or with one line for its error.

        Args:
            config: The settings from the command line; None when it names none.
            make: Makes the tap or target of what was passed in.
            run: Does all that it is for, and returns the exit code.
        """
        cls.print_version(print_fn=cls.logger.info)
        with cls._one_line_for_each_error():
            try:
                made = make()
            except (ApiError, ConfigValidationError, InputError) as error:
                cls._report_refusal(config, error)
                raise
            # Rows make objects that go soon and are in no circle: looking for circles among them, and among all that is loaded and stays, is a
            # fifth of what they cost.
            gc.freeze()
            gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
            code = run(made)
            sys.stdout.flush()
        if code:
            _leave(code)

    @classmethod
    def _ready(cls, config: _ConfigInput | None, *, misfit: str | None = None, **arguments: Any) -> Self:  # noqa: ANN401  # passed on
        """Make the tap or target with settings that are enough to ask for something.

        Args:
            config: The settings from the command line; None when it names none.
            misfit: What to say when the SDK can't take the arguments apart.
            arguments: More arguments to make it with.

        Returns:
            It, with at least one key.

        Raises:
            ConfigValidationError: A setting is wrong.
            InputError: There is no key, a variable in the environment is none of ours, or something has a form that the SDK can't read.
        """
        chosen = dict(config.config) if config else {}
        parse_env = bool(config and config.parse_env)
        if parse_env:
            # The SDK's own settings are in the schema only from here on.
            cls.append_builtin_config(cls.config_jsonschema)
            _refuse_unknown_variables(cls.name, cls.config_jsonschema["properties"])
        try:
            with stream_maps_in_words():
                made = cls(config=chosen, parse_env_config=parse_env, **arguments)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # The SDK takes these apart without a check of its own.
            if parse_env and not misfit:
                misfit = "A variable in the environment holds something else than its setting takes (a number, or JSON)."
            if misfit:
                raise InputError(misfit) from error
            raise
        if not any(made.config.get(key_of(system)) for system in cls.systems):
            msg = "At least one key is needed: set " + " or ".join(key_of(system) for system in cls.systems)
            raise InputError(msg)
        return made

    @contextmanager
    def _telling(self, report: Report[Any]) -> Iterator[None]:
        """Say what became of a run, however it ends: in the log, and in the file that `run_report_path` names.

        Args:
            report: The report of what is done inside; it is told what broke that off.

        Raises:
            OSError: The file can't be written.
        """
        try:
            yield
        except BaseException as error:
            report.reason = reason_for(error)
            raise
        finally:
            self.logger.info("The run is %s.\n%s", report.status, report.table())
            if path := self.config.get(_REPORT_PATH):
                report.write(path)

    @classmethod
    def _report_refusal(cls, config: _ConfigInput | None, error: Exception) -> None:
        """Put a run that couldn't begin into the report's file, or the report of the run before would pass for this one's."""
        path = config.config.get(_REPORT_PATH) if config else None
        if config and config.parse_env:
            path = path or os.environ.get(f"{_prefix(cls.name)}{_REPORT_PATH.upper()}")
        if not isinstance(path, str) or not path:
            return
        try:
            Report(datetime.now(timezone.utc), reason=reason_for(error)).write(path)
        except OSError as unwritable:
            cls.logger.error("The run report can't be written: %s", unwritable.strerror)  # noqa: TRY400  # the reason of the refusal follows

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        # The SDK takes numbers with a fraction out of the environment as text.
        self._config.update(settings.as_numbers(self.config_jsonschema, self.config))
        try:
            errors = super()._validate_config(raise_errors=raise_errors)
        except ConfigValidationError as error:
            error.errors = [settings.without_secrets(self.config_jsonschema, self.config, line) for line in error.errors]
            raise
        own = self.mistakes()
        if own and raise_errors:
            raise ConfigValidationError(own[0], errors=own, schema=self.config_jsonschema)
        return [*errors, *own]

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:
        with cls._one_line_for_each_error():
            try:
                return super().cb_config(ctx, param, value)
            except (OSError, ValueError) as error:
                # The SDK reads it with simplejson, whose errors are not those of the json module.
                place = f", line {error.lineno}, column {error.colno}" if hasattr(error, "lineno") and hasattr(error, "colno") else ""
                msg = f"A settings file can't be read ({type(error).__name__}{place}): {', '.join(value)}. It must be a JSON object."
                raise InputError(msg) from error

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        # The SDK would write a STATE here, possibly into the middle of another line or over rows that aren't written, and exit with 0.
        self.stop(signum)

    @classmethod
    @contextmanager
    def _one_line_for_each_error(cls) -> Iterator[None]:
        try:
            yield
        except ConfigValidationError as error:
            for line in error.errors:
                cls.logger.error("Settings: %s", line)  # noqa: TRY400  # a stack trace helps nobody who mistyped a setting
            sys.exit(1)
        except (ApiError, InputError) as error:
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


@contextmanager
def stream_maps_in_words() -> Iterator[None]:
    """Say in one line what is wrong with the user's stream maps, where they are read. To be used where no record can be quoted.

    Raises:
        InputError: They can't be used.
    """
    try:
        yield
    except MappingError as error:
        msg = f"stream_maps can't be used: {error}"
        raise InputError(msg) from error


def reason_for(error: BaseException) -> str:
    """Why a run or a stream was broken off, as a report says it: in the error's own words where it has words for people."""
    if isinstance(error, ConfigValidationError):
        return "Settings: " + " ".join(error.errors)
    if isinstance(error, (ApiError, InputError)):
        return str(error)
    return "Stopped by a signal." if isinstance(error, Stopped) else f"Broken off: {type(error).__name__}."


def _prefix(name: str) -> str:
    """What the environment's variables for the settings of an executable begin with."""
    return f"{name.upper().replace('-', '_')}_"


def _refuse_unknown_variables(name: str, known: Container[str]) -> None:
    """Refuse a misspelt setting in the environment, as one in a file is refused."""
    prefix = _prefix(name)
    for variable in sorted(os.environ):
        # The SDK's own variable for its log level has the same prefix; Meltano's have a second underscore.
        setting = variable.removeprefix(prefix).lower()
        if variable.startswith(prefix) and setting not in known and setting != "loglevel" and not setting.startswith("_"):
            msg = f"There is no setting {setting!r} (variable {variable})"
            raise InputError(msg)


def _leave(code: int) -> NoReturn:
    """End at once: threads may still wait for an answer, or for an hour to pass, that nobody needs any more."""
    sys.stderr.flush()
    os._exit(code)
