"""The project in examples/meltano, copied as its users copy it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import yaml

from tests.demo.database import reached, uri_of
from tests.demo.pipeline import ROOT, environment, meltano

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tests.sandbox import Sandbox

EXAMPLE = ROOT / "examples" / "meltano"
TIMESTAMPS = EXAMPLE / "timestamps.sql"
# What the example installs from the registry is what stands in this checkout.
_PACKAGE = "hiringcenter-singer"


def example() -> dict[str, Any]:
    """The example's meltano.yml."""
    found: dict[str, Any] = yaml.safe_load((EXAMPLE / "meltano.yml").read_text(encoding="utf-8"))
    return found


def plugins() -> list[dict[str, Any]]:
    """All plugins of the example."""
    return [plugin for plugins in example()["plugins"].values() for plugin in plugins]


def plugin(name: str) -> dict[str, Any]:
    """A plugin of the example."""
    (found,) = (plugin for plugin in plugins() if plugin["name"] == name)
    return found


class Project:
    """A copy of the project on a machine of its own."""

    def __init__(self, folder: Path, database: psycopg.Connection[Any], sandbox: Sandbox, environments_of: Project | None = None) -> None:
        """Copy the project, and point both of its environments at a sandbox.

        Args:
            folder: Where it goes.
            database: Warehouse, state, ledger, and rows to write back, all in one.
            sandbox: The APIs.
            environments_of: A project whose plugins are installed; else they are to be installed.
        """
        self.folder = folder
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".meltano"))
        if environments_of:
            ours = (".meltano/extractors", ".meltano/loaders", ".meltano/utilities")
            for place in ours:
                shutil.copytree(environments_of.folder / place, folder / place, symlinks=True)
        self._point_at(sandbox)
        tap = sandbox.tap_config()
        self._environment = environment(
            {
                "target-postgres": reached(database),
                "tap-postgres": reached(database),
                "target-hiringcenter": {
                    "hiringcenter_api_key": sandbox.hiringcenter_key,
                    "hiringcenter_api_url": sandbox.hiringcenter_url,
                    "ledger_uri": uri_of(database),
                },
            },
            MELTANO_DATABASE_URI=uri_of(database, "postgresql+psycopg"),
            WAREHOUSE=uri_of(database),
            HIRINGCENTER_API_KEY=tap["hiringcenter_api_key"],
            PROSPECTB2B_API_KEY=tap["prospectb2b_api_key"],
        )

    def meltano(self, *arguments: str, environment: str = "dev", **settings: str) -> None:
        """Run one command of Meltano.

        Args:
            arguments: The command.
            environment: One of the project's environments.
            settings: More environment variables.

        Raises:
            CalledProcessError: It ended with another exit code than 0.
        """
        meltano(self.folder, self._environment, f"--environment={environment}", *arguments, **settings)

    def _point_at(self, sandbox: Sandbox) -> None:
        file = self.folder / "meltano.yml"
        project = yaml.safe_load(file.read_text(encoding="utf-8").replace("http://127.0.0.1:8765", sandbox.url))
        for found in (found for kind in project["plugins"].values() for found in kind):
            if str(found.get("pip_url")).startswith(_PACKAGE):
                found["pip_url"] = found["pip_url"].replace(_PACKAGE, str(ROOT))
        dev, prod = (found["config"]["plugins"]["extractors"][0]["config"] for found in project["environments"])
        # All that the sandbox has other than the real APIs, but for the keys, which are the environment's to give.
        prod.update({name: value for name, value in dev.items() if not name.endswith("_api_key")})
        file.write_text(yaml.safe_dump(project, sort_keys=False), encoding="utf-8")
