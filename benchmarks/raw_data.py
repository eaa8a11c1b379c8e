"""Raw data of 100,000 responses × 42 columns to SAV and CSV, beside pyreadstat and pandas alone in the same run.

Run: python -m benchmarks.raw_data
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas
import pyreadstat

from benchmarks.path_model import fastest, verdict
from documents.answers.raw_data import DataFormat, write_raw_data
from domain.surveys.report.raw_data import DataColumn
from domain.surveys.report.wording import ReportLanguage, Wording

RESPONSES, QUESTIONS = 100_000, 38
SAV_LIMIT_SECONDS = 2.0


def main() -> None:
    columns = drawn_columns()
    frame = pandas.DataFrame({column.name: column.cells for column in columns})
    with tempfile.TemporaryDirectory() as folder:
        bare_sav = fastest(lambda: pyreadstat.write_sav(frame, Path(folder) / "bare.sav"), 3)
        bare_csv = fastest(lambda: frame.to_csv(Path(folder) / "bare.csv", index=False), 3)
    sav = fastest(lambda: write_raw_data(columns, DataFormat.SAV, ReportLanguage.ENGLISH), 3)
    text = fastest(lambda: write_raw_data(columns, DataFormat.CSV, ReportLanguage.ENGLISH), 3)
    print(f"raw data, {RESPONSES:,} responses × {len(columns)} columns, best of 3")
    print(
        f"  SAV with labels            {sav:7.3f} s   limit {SAV_LIMIT_SECONDS} s: {verdict(sav <= SAV_LIMIT_SECONDS)}"
    )
    print(f"  pyreadstat without labels  {bare_sav:7.3f} s   ({sav / bare_sav:.2f} ×)")
    print(f"  CSV                        {text:7.3f} s")
    print(f"  pandas to CSV              {bare_csv:7.3f} s   ({text / bare_csv:.2f} ×)")


def drawn_columns() -> list[DataColumn]:
    generator = np.random.default_rng(0)
    level = {code: Wording(zh=f"第 {code} 级", en=f"Level {code}") for code in range(1, 11)}
    columns = []
    for number in range(1, QUESTIONS + 1):
        codes = generator.integers(1, 11, RESPONSES).astype(float)
        codes[generator.random(RESPONSES) < 0.05] = np.nan
        columns.append(DataColumn(f"q{number}", Wording(zh=f"问题 {number}", en=f"Question {number}"), codes, level))
    district = np.array(["east", "north", "south", "west"])[generator.integers(4, size=RESPONSES)]
    flagged = (generator.random(RESPONSES) < 0.03).astype(float)
    weights = generator.uniform(0.5, 2, RESPONSES).round(6)
    ids = np.array([f"r{number:06}" for number in range(RESPONSES)])
    named = {"response": ids, "amends_weight": weights, "amends_stratum": district, "flag_careless": flagged}
    return [*columns, *(DataColumn(name, Wording.verbatim(name), cells) for name, cells in named.items())]


if __name__ == "__main__":
    main()
