"""`python -m api` is `liushui`."""

from api.cli import main

main()
