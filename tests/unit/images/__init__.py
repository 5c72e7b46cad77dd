"""Tests of how images are built."""
