"""The command line: the same services without the window. Prints, decides nothing."""
