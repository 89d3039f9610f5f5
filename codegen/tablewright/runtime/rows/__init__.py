"""One table's rows through the driver."""
