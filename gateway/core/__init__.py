"""The kernel: plain frozen types without I/O, shared by every flow."""
