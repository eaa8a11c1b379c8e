"""`amends demo`: everything on this machine with sample data and simulated people."""

import asyncio
import logging
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli.output import Exit, show_table, stdout

if TYPE_CHECKING:
    from starter.demo.complaint_survey import ComplaintSurveyCourse
    from starter.demo.improving import Loops
    from starter.demo.invariants import Findings
    from starter.demo.story import Course
    from starter.demo.wave import WaveCourse


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Run to the end, check what came out, exit 0 if it holds.")
    ] = False,
    complaints: Annotated[int, typer.Option(min=20, max=5_000, help="How many complaints come in.")] = 240,
    seed: Annotated[int, typer.Option(help="The same seed gives the same complaints and decisions.")] = 1,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Keep the data here; a temporary folder if absent.")
    ] = None,
) -> None:
    """Run Amends with sample complaints and simulated people, and check that nothing was lost."""
    import structlog

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with _folder(data_dir) as folder:
        raise typer.Exit(asyncio.run(_demonstrate(folder, once, complaints, seed)))


async def _demonstrate(folder: Path, once: bool, count: int, seed: int) -> Exit:
    import httpx

    from starter.demo import letter_scene
    from starter.demo.complaint_survey import demonstrate_complaint_survey
    from starter.demo.console import open_accounts
    from starter.demo.improving import close_the_loops
    from starter.demo.invariants import examine
    from starter.demo.lost_engine import lose_the_engine
    from starter.demo.mailbox import Mailbox
    from starter.demo.paperwork import do_the_paperwork
    from starter.demo.people import enrol
    from starter.demo.story import Demonstration
    from starter.demo.text_messages import TextMessages
    from starter.demo.wave import demonstrate_wave
    from starter.one_machine import running

    mailbox, texts, begun = Mailbox(), TextMessages(), time.monotonic()
    await mailbox.open()
    await texts.open()
    settings = letter_scene.SETTINGS | {
        "AMENDS_SMS_URL": texts.url,
        "AMENDS_SMTP_URL": mailbox.url,
        "AMENDS_DEFAULT_POLICY": "demo-full",
        "AMENDS_STEP_ATTEMPTS": "3",
        "AMENDS_STEP_FIRST_WAIT": "0.3",
        "AMENDS_PUBLIC_PAGES_PER_MINUTE": "100000",
    }
    stdout.print("Starting PostgreSQL, Temporal, a worker and the API on this machine …")
    outcome = Exit.FAILED
    async with (
        running(folder, port=_free_port(), settings=settings) as machine,
        httpx.AsyncClient(base_url=machine.url, timeout=30) as client,
    ):
        _say(f"Ready after {time.monotonic() - begun:.1f} s at {machine.url}")
        staff = await enrol(client, machine.token)
        course = await Demonstration(staff, mailbox, texts, count=count, seed=seed, say=_say).run()
        still_open = await do_the_paperwork(machine, course.references, _say)

        async def lose_it() -> None:
            course.add(await lose_the_engine(machine, staff, mailbox, still_open, _say))

        wave = await demonstrate_wave(machine, mailbox, seed, _say, lose_it)
        findings = await examine(machine.environment["AMENDS_DATABASE_URL"], machine.keys, course.path_of, mailbox)
        _report(course, findings, time.monotonic() - begun)
        _report_wave(wave)
        survey = await demonstrate_complaint_survey(machine, mailbox, seed, _say)
        _report_complaint_survey(survey)
        loops = await close_the_loops(machine, mailbox, seed, _say)
        _report_loops(loops)
        outcome = Exit.DONE if survey.found and not findings.broken and not loops.broken else Exit.FAILED
        if not once:
            await open_accounts(machine.environment["AMENDS_DATABASE_URL"], machine.url, _say)
            stdout.print(f"\nLook around: amends complaint list --data-dir {folder}", soft_wrap=True)
            stdout.print("Stop with Ctrl-C.")
            await machine.supervisor.until_signalled()
    await mailbox.close()
    await texts.close()
    return outcome


def _report(course: "Course", findings: "Findings", seconds: float) -> None:
    stdout.print()
    show_table(("path", "cases"), [(n.replace("_", " "), c) for n, c in course.paths.most_common()], empty="")
    stdout.print()
    show_table(("ended as", "cases"), findings.statuses.most_common(), empty="")
    stdout.print()
    show_table(("clock", "count"), findings.clocks.most_common(), empty="")
    stdout.print(
        f"\n{findings.cases} cases with {findings.facts} facts in {seconds:.0f} s. {findings.mails} letters sent, "
        f"{findings.repeated_mails} repeated. {course.parked} steps were parked in the outage, "
        f"{course.retried} retries healed them.",
        soft_wrap=True,
    )
    if findings.broken:
        stdout.print(f"\n[red]{len(findings.broken)} invariants do not hold:[/red]")
        for finding in findings.broken[:20]:
            stdout.print(f"  {finding}", markup=False)
        return
    stdout.print(
        "Checked: nothing lost, every chain and anchor verifies, every clock is accounted for, "
        "each read model is what its ledger makes, every letter went out once.",
        soft_wrap=True,
    )


def _report_wave(wave: "WaveCourse") -> None:
    """What the survey came to."""
    results = wave.results
    shown = {name.replace("_", " "): count for name, count in wave.behaviour.most_common()}
    stdout.print()
    show_table(("invited people who", "count"), list(shown.items()), empty="")
    interval = f"{results['low']:.1f} to {results['high']:.1f}"
    rates = ", ".join(
        f"{name.upper()} {results['rates'][name]:.1%}" for name in ("rr1", "rr2", "coop1", "ref1", "con1")
    )
    stdout.print(
        f"\nWave {wave.reference}, signed off: satisfaction index {results['index']:.1f} "
        f"(95% interval {interval}) from {results['respondents']} of {results['sample']}; {rates}.",
        soft_wrap=True,
    )
    taken_up = wave.improvement
    stdout.print(
        f"A measure of its report is handed over as {taken_up['reference']}, {taken_up['status']}: "
        f"{taken_up['title']}; the next wave of {taken_up['state']['survey']} looks for its effect.",
        soft_wrap=True,
    )


def _report_complaint_survey(survey: "ComplaintSurveyCourse") -> None:
    """What the customers of closed complaints said, and whom their answers point to."""
    results, review = survey.results, survey.review
    shown = {name.replace("_", " "): count for name, count in survey.behaviour.most_common()}
    stdout.print()
    show_table(("customers of closed complaints who", "count"), list(shown.items()), empty="")
    stdout.print(
        f"\nWave {survey.reference}, signed off: complaint handling {results['index']:.1f} "
        f"(95% interval {results['low']:.1f} to {results['high']:.1f}) from {results['respondents']} of "
        f"{results['sample']}, drawn from {review['complaints']} closed complaints; "
        f"RR1 {results['rates']['rr1']:.1%}.",
        soft_wrap=True,
    )
    for task in review["tasks"]:
        signs = ", ".join(
            f"{sign['sign'].replace('_', ' ')} {sign['observed']:.0%} (all: {sign['expected']:.0%})"
            for sign in task["signs"]
        )
        stdout.print(f"To look into: {survey.names[task['handler']]}: {signs}.", soft_wrap=True)
    if not survey.found:
        stdout.print(f"[red]Expected {survey.names[survey.gaming]} to be looked into first.[/red]")


def _report_loops(loops: "Loops") -> None:
    """What was learned from the complaints, and what came of it."""
    rows = [
        (each["title"], state["partner"] or "inside", check["before"], check["after"], check["verdict"])
        for each in loops.improvements
        if (state := each["state"])["checks"] and (check := state["checks"][-1])
    ]
    stdout.print()
    show_table(("improvement", "at", "complaints before", "after", "effect"), rows, empty="")
    study = loops.study.get("state", {})
    held = sum(each["was_held"] is True for each in study.get("interviews", ()))
    stdout.print(
        f"\nA year of {loops.year} complaints analysed and signed off; a surge handled as an incident with "
        f"{loops.incident.get('state', {}).get('linked', 0)} cases; of {study.get('customers', 0)} customers "
        f"{study.get('left_fully', 0)} left and {study.get('left_partly', 0)} left in part, {held} told a manager why "
        f"in the study {loops.study.get('reference', '')}, which is {loops.study.get('status', 'not finished')}.",
        soft_wrap=True,
    )
    for finding in loops.broken:
        stdout.print(f"  [red]{finding}[/red]")


def _say(message: str) -> None:
    stdout.print(f"  {message}", soft_wrap=True)


@contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is not None:
        yield data_dir
        return
    with tempfile.TemporaryDirectory(prefix="amends-demo-") as made:
        yield Path(made)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
