"""The Google API emulator: an engine driven by discovery documents, and a profile per service."""
