"""The search attributes of our workflows: few, typed, for operators only. Lists of cases come from the read model."""

from temporalio.common import SearchAttributeKey

NEEDS_OPERATOR = SearchAttributeKey.for_bool("AmendsNeedsOperator")

ALL = (NEEDS_OPERATOR,)
