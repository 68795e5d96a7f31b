"""The commands of `relais`, a module for each noun. What is slow to import is imported by the command that needs it."""
