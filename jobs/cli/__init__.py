"""The command line: a module for each group of commands, what they share, and what they show."""
