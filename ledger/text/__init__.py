"""A text file as checked cells: blocks, lines, records, columns of values."""
