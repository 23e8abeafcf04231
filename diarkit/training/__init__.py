"""What trainings share: optimisers."""
