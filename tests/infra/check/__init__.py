"""Checks of examples/infra, run by tests/infra/run."""
