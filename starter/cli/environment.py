"""The settings of the environment for commands that work on the records themselves."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from starter.cli.output import Exit, fail

if TYPE_CHECKING:
    from runtime.settings import Settings


def chosen_settings(data_dir: Path | None = None) -> "Settings":
    """Read and check them, or take those of the installation in a data folder.

    Ends the program with every problem where they are not usable.
    """
    from runtime.settings import SettingsError, load_settings

    if data_dir is not None:
        use_folder(data_dir)

    try:
        return load_settings()
    except SettingsError as error:
        fail(str(error), Exit.USAGE)


def use_folder(data_dir: Path) -> None:
    """Let this process have the settings of the installation in a data folder; ends the program if there is none."""
    from starter.one_machine import environment_of

    try:
        os.environ.update(environment_of(data_dir))
    except FileNotFoundError:
        fail(f"{data_dir} is no data folder of `amends up`", Exit.USAGE)
