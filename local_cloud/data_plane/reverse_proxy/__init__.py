"""An HTTP/1.1 reverse proxy: keep-alive on both sides, retries that lose nothing, draining, WebSockets."""
