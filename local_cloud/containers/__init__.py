"""Images and containers without an engine: pulled by the OCI protocol, run as processes in namespaces of their own."""
