"""Engines for the resource types that are not one object behind one URL."""
