"""Tables said at run time: what they mean, their making, and their rows."""
