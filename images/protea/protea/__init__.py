"""PROTEA in miniature: a test stand-in with upstream's commands, ports, environment and protocols (see README.md)."""
