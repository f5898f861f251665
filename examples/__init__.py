"""Small programs, one idea each; run one with `python -m bocpy.examples.NAME`."""
