"""The emulator by itself: one process, an empty store, no network."""
