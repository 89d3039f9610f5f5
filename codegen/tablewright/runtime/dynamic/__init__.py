"""Tables without generated code: their definitions, their creation and their rows."""
