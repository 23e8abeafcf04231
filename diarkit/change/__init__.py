"""Speaker change detection: features, networks, statistics, scores, and speech cut at the changes."""
