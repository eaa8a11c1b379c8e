"""The command line `amends`."""

import typer

from starter.cli import (
    analyses,
    bulk,
    calendars,
    case_packs,
    complaints,
    demo,
    doctor,
    forms,
    imports,
    index,
    keys,
    letters,
    parts,
    policies,
    privacy,
    recurrences,
    registry,
    staff,
    steps,
    undertakings,
    webhooks,
)

app = typer.Typer(
    name="amends",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Customer complaints and satisfaction as durable processes. Exit codes: 0 ok, 1 failed, 2 usage, 3 refused.",
)
app.add_typer(complaints.app, name="complaint")
complaints.app.command(epilog="Example: amends complaint pack C-2026-000001 --lang en --out case.zip")(case_packs.pack)
parts.verify_app.command("pack", epilog="Example: amends verify pack case.zip --json")(case_packs.verify_pack)
complaints.app.command(epilog="Example: amends complaint form C-2026-000001 --kind visit --lang zh --out visit.pdf")(
    forms.form
)
app.command(epilog="Example: amends bulk assign --status accepted --dry-run")(bulk.bulk)
app.command(
    "import",
    epilog="Examples: amends import complaints.csv --map cfpb --dry-run · amends import --example-map > mine.toml · "
    "amends import --map cfpb --example-map > mine.toml",
)(imports.import_records)
app.add_typer(steps.app, name="steps")
app.add_typer(letters.app, name="letters")
app.add_typer(policies.app, name="policy")
app.add_typer(calendars.app, name="calendar")
app.add_typer(registry.token_app, name="token")
app.add_typer(staff.app, name="staff")
app.add_typer(recurrences.survey_app, name="survey")
app.add_typer(privacy.app, name="privacy")
app.add_typer(keys.app, name="keys")
app.add_typer(analyses.app, name="analysis")
app.add_typer(undertakings.improvement_app, name="improvement")
app.add_typer(undertakings.incident_app, name="incident")
app.add_typer(undertakings.defection_app, name="defection")
app.add_typer(webhooks.app, name="webhook")
app.add_typer(parts.verify_app, name="verify")
app.command(epilog="Example: amends index answers.csv --tree gas_utility --report out.pdf")(index.index)
app.command(epilog="Examples: amends demo --once · amends demo --data-dir ./demo")(demo.demo)
app.command(epilog="Example: amends up --data-dir ./data --port 8080")(parts.up)
app.command()(parts.api)
app.command()(parts.worker)
app.command("codec-server", epilog="Example: amends codec-server --data-dir ./data --origin http://127.0.0.1:8233")(
    parts.codec_server
)
schedules = typer.Typer(no_args_is_help=True, help="What is undertaken again and again.")
schedules.command("apply", epilog="Example: amends schedules apply --data-dir ./data")(analyses.apply_schedules)
app.add_typer(schedules, name="schedules")
app.command()(parts.migrate)
app.command(epilog="Example: amends rebuild --data-dir ./data")(parts.rebuild)
app.command(epilog="Examples: amends doctor · amends doctor --data-dir ./data --json")(doctor.doctor)
app.command(epilog="Example: amends workers")(doctor.workers)
app.add_typer(doctor.deployment_app, name="deployment")


def run() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    run()
