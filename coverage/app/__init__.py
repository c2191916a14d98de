"""Pages of the app: thin, they read input, call the engine and show."""
