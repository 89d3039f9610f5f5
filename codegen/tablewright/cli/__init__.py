"""The command line: the only room that reads arguments, prints and exits."""
