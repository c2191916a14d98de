"""Part of quietwing."""
