"""Parts of the checker of a plan; its door is `quietwing.coverage.planning.verify`."""
