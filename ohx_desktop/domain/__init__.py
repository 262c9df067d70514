"""Ring 1: what the program is about. Knows the standard library and nothing else."""
