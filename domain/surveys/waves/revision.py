"""A wave whose questionnaire was revised while it ran: what may differ, and how its answers come together again."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from domain.surveys.comparison.crosswalk import names_now, questions_now
from domain.surveys.definition import SurveyDefinition
from domain.surveys.waves.results import WaveSample

KEPT = ("sampling", "fieldwork", "weighting", "index")
"""What a running wave has begun to carry out; a version that differs here needs a wave of its own."""


def revision_faults(before: SurveyDefinition, after: SurveyDefinition) -> Iterator[str]:
    """What of a version cannot be taken over by a wave that runs by another."""
    yield from (name for name in KEPT if getattr(before, name) != getattr(after, name))
    trees = before.indicators, after.indicators
    if trees[0] is not None and trees[1] is not None and trees[0].scale_map is not trees[1].scale_map:
        yield "indicators scale_map"
    yield from (f"languages: {each} is missing" for each in before.languages if each not in after.languages)


def in_one_instrument(sample: WaveSample, definitions: Mapping[int, SurveyDefinition], version: int) -> WaveSample:
    """The sample with all answers under the names of one version; what a leaf that ended was answered is left out.

    `definitions` has every version from the oldest pinned one to this one.
    """
    renamed = {each.version for each in sample.contacts} - {version}
    if not renamed:
        return sample
    names = {each: _names(definitions, each, version) for each in renamed}
    contacts = [
        each
        if each.version == version or each.answers is None
        else replace(
            each,
            answers={
                now: answer
                for question, answer in each.answers.items()
                if (now := names[each.version].get(question, question)) is not None
            },
        )
        for each in sample.contacts
    ]
    return replace(sample, contacts=contacts)


def _names(definitions: Mapping[int, SurveyDefinition], old: int, new: int) -> Mapping[str, str | None]:
    first, last = definitions[old], definitions[new]
    steps = [(definitions[each].crosswalk, _leaves(definitions[each])) for each in range(old + 1, new + 1)]
    return questions_now(first.indicators, last.indicators, names_now(_leaves(first), steps))


def _leaves(definition: SurveyDefinition) -> tuple[str, ...]:
    return () if definition.indicators is None else tuple(definition.indicators.leaf_weights())
