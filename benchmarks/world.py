"""The benchmark's ledger: canonical bank records with 19-digit account numbers, made column by column."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

BLOCK = 1_000_000
CLAIMS = 1000
START_US = 1_735_660_800_000_000  # 2025-01-01 00:00 +08:00
SPAN_US = 180 * 86_400 * 1_000_000


@dataclass(frozen=True)
class World:
    """n transfers in time order between accounts 0 … a-1: microseconds, codes, fen; and the rows 1,000 victims dispute."""

    time_us: NDArray[np.int64]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    amount_fen: NDArray[np.int64]
    accounts: int
    disputed: NDArray[np.int64]


def world(transfers: int, seed: int = 7) -> World:
    """Log-normal amounts between uniformly drawn accounts, 50 transfers per account, over half a year."""
    random = np.random.default_rng(seed)
    accounts = max(2, transfers // 50)
    source = random.integers(0, accounts, transfers, dtype=np.int32)
    target = ((source + random.integers(1, accounts, transfers)) % accounts).astype(np.int32)
    return World(
        time_us=START_US + np.sort(random.integers(0, SPAN_US, transfers)),
        source=source,
        target=target,
        amount_fen=np.maximum(1, random.lognormal(10.0, 1.5, transfers).astype(np.int64)),
        accounts=accounts,
        disputed=np.sort(random.choice(transfers, min(CLAIMS, transfers), replace=False)),
    )


def write_records(made: World, folder: Path) -> Path:
    """bank.csv and reports.csv of the world; returns bank.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    names = pa.array([f"62220{account:014d}" for account in range(made.accounts)])
    channels = pa.array(["mobile", "counter", "atm", "online"])
    with pa_csv.CSVWriter(
        folder / "bank.csv", rows(made, 0, 1, names, channels).schema, write_options=pa_csv.WriteOptions(quoting_style="none")
    ) as out:
        for begin in range(0, len(made.time_us), BLOCK):
            out.write_table(rows(made, begin, min(begin + BLOCK, len(made.time_us)), names, channels))
    reports = pa.table(
        {
            "report": pa.array([f"R{number:06d}" for number in range(len(made.disputed))]),
            "victim": names.take(pa.array(made.source[made.disputed])),
            "transfer": transfer_ids(made.disputed),
        }
    )
    pa_csv.write_csv(reports, folder / "reports.csv", pa_csv.WriteOptions(quoting_style="none"))
    return folder / "bank.csv"


def transfer_ids(rows: NDArray[np.int64]) -> pa.Array:
    """Ids like T0000000042."""
    return pc.binary_join_element_wise("T", pc.utf8_lpad(pa.array(rows).cast(pa.string()), width=10, padding="0"), "")


def rows(made: World, begin: int, end: int, names: pa.Array, channels: pa.Array) -> pa.Table:
    """The canonical bank rows begin … end."""
    fen = made.amount_fen[begin:end]
    cents = pc.utf8_lpad(pa.array(fen % 100).cast(pa.string()), width=2, padding="0")
    local = pa.array(made.time_us[begin:end] + 8 * 3_600_000_000).cast(pa.timestamp("us"))
    number = np.arange(begin, end)
    return pa.table(
        {
            "transfer": transfer_ids(number),
            "time": pc.binary_join_element_wise(pc.strftime(local, format="%Y-%m-%dT%H:%M:%S"), "+08:00", ""),
            "source": names.take(pa.array(made.source[begin:end])),
            "target": names.take(pa.array(made.target[begin:end])),
            "amount": pc.binary_join_element_wise(pa.array(fen // 100).cast(pa.string()), cents, "."),
            "currency": pa.array(["CNY"]).take(pa.array(np.zeros(end - begin, dtype=np.int32))),
            "channel": channels.take(pa.array(number % 4)),
            "status": pa.array(["done"]).take(pa.array(np.zeros(end - begin, dtype=np.int32))),
        }
    )
