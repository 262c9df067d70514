"""The pages that register, list and forget devices. They know no service."""
