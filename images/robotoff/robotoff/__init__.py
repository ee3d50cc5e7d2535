"""Robotoff in miniature: a test stand-in with upstream's commands, port, environment and protocols (see README.md)."""
