"""Replay of recorded exchanges with Google's APIs against the emulator (`make conformance`)."""
