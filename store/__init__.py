"""Store: remembers. All SQL and all blobs; knows the kernel and nobody else."""
