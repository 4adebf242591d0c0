"""What a file is by its first bytes, where it is no records: what can be unpacked, and what can only be named."""

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The container of the older Office formats: workbooks (.xls), and encrypted new ones."""

FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x00\x01\x00\x00Standard ", "an Access database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (OLE, "an older Office document"),
    (b"PK\x03\x04", "a zip archive"),
)


def foreign(start: bytes) -> str:
    """What the bytes are when they are a well-known format that holds no records we read; else empty."""
    named = next((name for magic, name in FOREIGN if start.startswith(magic)), "")
    text = start[:400].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not named and text.startswith((b"<!doctype html", b"<html", b"<table")):
        return "a web page"
    if not named and len(start) > 3 and not any(start[1:40:2]):
        return "UTF-16 text without a byte order mark"
    return named
