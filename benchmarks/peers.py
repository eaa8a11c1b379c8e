"""Path-model bootstrap beside `plspm`, and raking beside `svy`, in one run; results are compared before times are.

The peers stay out of the project's own environment. In one of its own:
    python3.11 -m venv PEERS && PEERS/bin/pip install . -r benchmarks/requirements-peers.txt
    PEERS/bin/python -m benchmarks.peers
"""

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

import numpy as np
import pandas as pd
import polars as pl
import svy
from plspm.config import MV, Config
from plspm.mode import Mode
from plspm.plspm import Plspm
from plspm.scheme import Scheme

from benchmarks.path_model import drawn_answers
from benchmarks.survey_weighting import known_totals
from domain.surveys.path_model.bootstrap import PathModelBootstrap, bootstrap_path_model
from domain.surveys.path_model.document import PathModel
from domain.surveys.path_model.fit import fit_path_model
from domain.surveys.path_model.library import named_model
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.replicates import rao_wu_bootstrap
from domain.surveys.weighting.margins import Margin
from domain.surveys.weighting.raking import rake

RESPONDENTS, REPLICATES, PEER_REPLICATES, PROCESSES = 250, 1_000, 20, 2
ROWS, MARGIN_SIZES, MISFIT = 1_000_000, (2, 5, 8, 12), 1e-8

Result = TypeVar("Result")


def main() -> None:
    compare_bootstraps()
    compare_raking()


def compare_bootstraps() -> None:
    model = named_model("ecsi")
    answers = drawn_answers(RESPONDENTS, model.items, model.blocks())
    frame, config = pd.DataFrame(answers), plspm_config(model)
    fit = fit_path_model(model, answers)
    design = SurveyDesign.of(np.ones(RESPONDENTS))

    def ours() -> PathModelBootstrap:
        return bootstrap_path_model(fit, answers, rao_wu_bootstrap(design, REPLICATES, np.random.default_rng(1)))

    seconds, resampled = fastest(ours, 5)
    alone, peer = fastest(lambda: Plspm(frame, config, Scheme.CENTROID), 3)
    refuse_unless(np.allclose(peer.path_coefficients().loc[[*model.names], [*model.names]], fit.paths, atol=1e-4))
    whole, peer = fastest(lambda: plspm_bootstrap(frame, config), 1)
    errors = peer.bootstrap().paths()["std.error"].to_numpy()
    typical = np.median(resampled.paths.standard_error[model.paths()])
    refuse_unless(0.5 < np.median(errors) / typical < 2)  # plspm leaves out replicates that fail, without a word
    scaled = (whole - alone) * REPLICATES / PEER_REPLICATES
    print(f"{REPLICATES:,} bootstrap replicates on {RESPONDENTS} × {len(model.items)}")
    print(f"  this project {seconds:9.3f} s")
    print(
        f"  plspm        {scaled:9.3f} s   ({scaled / seconds:.0f} ×; {PROCESSES} processes, {PEER_REPLICATES} scaled)"
    )


def plspm_config(model: PathModel) -> Config:
    paths = pd.DataFrame(model.paths().astype(int), index=[*model.names], columns=[*model.names])
    config = Config(paths, scaled=False)
    for construct in model.constructs:
        config.add_lv(construct.id, Mode.A, *(MV(item) for item in construct.items))
    return config


def plspm_bootstrap(frame: pd.DataFrame, config: Config) -> Plspm:
    settings = {"bootstrap": True, "bootstrap_iterations": PEER_REPLICATES, "processes": PROCESSES}
    return Plspm(frame, config, Scheme.CENTROID, **settings)


def compare_raking() -> None:
    generator = np.random.default_rng(1)
    labels = {f"margin{size}": generator.integers(size, size=ROWS) for size in MARGIN_SIZES}
    targets = {name: known_totals(codes, generator) for name, codes in labels.items()}
    weights = generator.uniform(0.5, 2, size=ROWS)
    sample = svy.Sample(pl.DataFrame({**labels, "weight": weights}), svy.Design(wgt="weight"))
    controls = {name: {int(code): total for code, total in known.items()} for name, known in targets.items()}

    def with_svy() -> svy.Sample:
        return sample.weighting.rake(controls=controls, wgt_name="raked", tol=MISFIT)

    margins_taken, margins = fastest(lambda: [Margin.of(name, labels[name], targets[name]) for name in labels], 5)
    seconds, raked = fastest(lambda: rake(weights, margins), 5)
    peer_seconds, peer = fastest(with_svy, 3)
    refuse_unless(np.allclose(raked.weights, peer.data["raked"].to_numpy(), rtol=1e-6))
    both = margins_taken + seconds
    print(f"raking {ROWS:,} rows to {len(margins)} margins")
    print(f"  this project {seconds:9.3f} s   ({both:.3f} s with matching the labels)")
    ratios = f"{peer_seconds / seconds:.1f} ×; {peer_seconds / both:.1f} × with matching"
    print(f"  svy          {peer_seconds:9.3f} s   ({ratios})")


def fastest(call: Callable[[], Result], times: int) -> tuple[float, Result]:
    """Shortest of several runs, in seconds, and the last result."""
    runs = []
    for _ in range(times):
        begin = perf_counter()
        result = call()
        runs.append(perf_counter() - begin)
    return min(runs), result


def refuse_unless(same: bool) -> None:
    if not same:
        raise SystemExit("the peer must give the same numbers")


if __name__ == "__main__":
    main()
