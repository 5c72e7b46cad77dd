"""What the services share: settings, logs, traces, metrics, refusals, CORS, and how one starts and ends."""
