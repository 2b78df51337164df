"""Jobs of connectors: their names, runs, outcomes and errors."""
