"""quietwing: plan the blocking of illicit phones in a prison before money is spent."""

__all__ = ["__version__"]

__version__ = "0.2.0"
