"""The base of every section, and the names that sections share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


TagPattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_{][A-Za-z0-9_.{}:-]{0,127}$")]


class Settings(BaseModel):
    """The base of every section: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)
