"""What every fact is made of."""

from pydantic import BaseModel, ConfigDict

from domain.complaints.clocks import Clock
from domain.complaints.steps import Step


class Fact(BaseModel):
    """Something that happened, with the clocks it set or changed and the steps it planned."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    clocks: tuple[Clock, ...] = ()
    steps: tuple[Step, ...] = ()
