"""The embedded local cloud: Google's APIs on one machine, behind a forward proxy."""
