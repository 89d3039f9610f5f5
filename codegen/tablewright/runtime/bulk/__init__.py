"""The input of verbs for many rows: encoding, batches, COPY and staging tables."""
