"""The games and measurements themselves are right."""
