"""Text datasets and generated tasks."""
