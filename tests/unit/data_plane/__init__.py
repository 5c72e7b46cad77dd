"""Tests of the data plane on real sockets."""
