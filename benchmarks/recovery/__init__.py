"""The recovery game: generated rings replayed in real time, strategies that file freeze requests, victims' fen saved."""
