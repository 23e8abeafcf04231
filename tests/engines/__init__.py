"""Real schedulers on one machine, for tests: Slurm with several nodes and Grid Engine, as root, without systemd."""
