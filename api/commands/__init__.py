"""The commands of `liushui`. Modules here import nothing heavy at the top: `--help` has to be quick."""
