"""MongoDB Atlas: its Admin API, and a MongoDB-protocol server with authentication for every cluster."""
