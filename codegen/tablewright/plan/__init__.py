"""What a generated package will say: frozen structs of strings, made from the resolved schema."""
