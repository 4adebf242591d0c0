"""Folders made to break a reader: pipes, loops, names that are no text, depth, ten thousand files."""

import os
import socket
from pathlib import Path

from ledger.ingest import ingest
from tests.ledger.folders import BANK, bank, codes, in_process, put

GOOD = bank(3, "GOOD")


def test_pipes_devices_sockets_and_loops_are_told_and_never_waited_for(tmp_path: Path) -> None:
    folder = put(tmp_path / "records", good_csv=GOOD)
    os.mkfifo(folder / "pipe.csv")
    (folder / "null.csv").symlink_to("/dev/zero")
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    (folder / "gone.csv").symlink_to(folder / "nothing.csv")
    (folder / "up").symlink_to(folder)
    (folder / "linked.csv").symlink_to(folder / "good.csv")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket.csv"))
        found = in_process(tmp_path)
    assert found["transfers"] == 3
    assert found["told"] == [
        ["records/gone.csv", 0, "LDG-missing-path"],
        ["records/loop.csv", 0, "LDG-missing-path"],
        ["records/null.csv", 0, "LDG-not-a-file"],
        ["records/pipe.csv", 0, "LDG-not-a-file"],
        ["records/socket.csv", 0, "LDG-not-a-file"],
        ["records/up", 0, "LDG-not-a-file"],
    ]
    os.mkfifo(tmp_path / "direct")
    assert codes(ingest(tmp_path / "ledger", [tmp_path / "direct"]).problems) == ["LDG-not-a-file"]


def test_names_that_are_no_text_or_too_long_for_another_file(tmp_path: Path) -> None:
    folder = put(tmp_path / "records", good_csv=GOOD)
    Path(os.fsdecode(bytes(folder) + b"/\xff\xfe.csv")).write_text(bank(2, "RAW") + "bad\n")
    (folder / ("长" * 80 + ".csv")).write_text(bank(2, "LONG") + "bad\n")
    (folder / "a\nb\x1b[2J.csv").write_text(bank(2, "ESC") + "bad\n")
    result = ingest(tmp_path / "ledger", [folder])
    assert result.transfers == 9
    assert codes(result.problems) == ["LDG-wrong-columns"] * 3


def test_a_very_deep_folder_is_read_to_the_bottom(tmp_path: Path) -> None:
    bottom = tmp_path / "records"
    bottom.mkdir()
    here = os.open(bottom, os.O_RDONLY)
    try:
        for _ in range(1200):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        with os.fdopen(os.open("deep.csv", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w") as stream:
            stream.write(GOOD)
    finally:
        os.close(here)
    assert ingest(tmp_path / "ledger", [bottom]).transfers == 3


def test_ten_thousand_tiny_files_land(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    for number in range(10_000):
        home = folder / f"{number % 100:02d}"
        home.mkdir(parents=True, exist_ok=True)
        (home / f"{number}.csv").write_text(f"{BANK}\nT{number},2025-03-01T09:00:00Z,a{number % 50},b,1.00\n")
    result = ingest(tmp_path / "ledger", [folder])
    assert (result.transfers, codes(result.problems)) == (10_000, [])
