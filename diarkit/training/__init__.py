"""What training shares."""
