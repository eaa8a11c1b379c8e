"""A small SAV file, byte by byte as PSPP documents the format (System File Format): numbers only, uncompressed."""

import struct
from collections.abc import Mapping, Sequence

SYSTEM_MISSING = -1.7976931348623157e308


def sav_file(columns: Mapping[str, Sequence[float | None]]) -> bytes:
    """Columns of numbers; none is the system's missing value."""
    rows = list(zip(*columns.values(), strict=True))
    header = struct.pack(
        "<4s60s5id9s8s64s3s", b"$FL2", b"@(#) SPSS DATA FILE".ljust(60), 2, len(columns), 0, 0, len(rows), 100.0,
        b"01 Jan 00", b"00:00:00", b" " * 64, b"\0" * 3,
    )  # fmt: skip
    write_format = (5 << 16) | (8 << 8) | 2  # F8.2
    variables = b"".join(
        struct.pack("<6i8s", 2, 0, 0, 0, write_format, write_format, name.encode().ljust(8)) for name in columns
    )
    end_of_dictionary = struct.pack("<2i", 999, 0)
    cells = (SYSTEM_MISSING if cell is None else cell for row in rows for cell in row)
    return header + variables + end_of_dictionary + b"".join(struct.pack("<d", cell) for cell in cells)
