"""What earlier runs saw and made: kept beside the project, believed only where nothing it came from has changed."""
