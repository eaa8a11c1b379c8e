"""The settings of the environment for commands that work on the records themselves."""

from typing import TYPE_CHECKING

from starter.cli.output import Exit, fail

if TYPE_CHECKING:
    from runtime.settings import Settings


def chosen_settings() -> "Settings":
    """Read and check them; ends the program with every problem where they are not usable."""
    from runtime.settings import SettingsError, load_settings

    try:
        return load_settings()
    except SettingsError as error:
        fail(str(error), Exit.USAGE)
