"""Rules of the services that need no process: settings, traces, files, rows, turns, names of objects."""
