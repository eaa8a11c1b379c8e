"""PostgreSQL and Temporal from wheels, and the programs beside them, for use on one machine without a container engine.

Owns starting, watching, restarting and stopping processes in one data folder. Knows nothing about complaints, and
promises no high availability: one machine is one machine.
"""

from starter.embedded.data_folder import DataFolderInUse, claimed
from starter.embedded.postgres import EmbeddedPostgres
from starter.embedded.process import LeftoverProcess, ProcessDied
from starter.embedded.program import Program, answers
from starter.embedded.supervisor import Part, Supervisor
from starter.embedded.temporal import EmbeddedTemporal, StoreFound

__all__ = [
    "DataFolderInUse",
    "EmbeddedPostgres",
    "EmbeddedTemporal",
    "LeftoverProcess",
    "Part",
    "ProcessDied",
    "Program",
    "StoreFound",
    "Supervisor",
    "answers",
    "claimed",
]
