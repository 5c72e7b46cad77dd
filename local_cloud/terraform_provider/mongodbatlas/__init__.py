"""The stand-in for mongodb/mongodbatlas: its resource types, and the client of its API."""
