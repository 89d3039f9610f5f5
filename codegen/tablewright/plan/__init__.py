"""What a generated package will say: frozen dataclasses of strings, made from the resolved schema."""
