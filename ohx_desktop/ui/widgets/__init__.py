"""Widgets that show view-models and emit signals. They know no service."""
