"""The command line: the only package that reads arguments, prints and exits."""
