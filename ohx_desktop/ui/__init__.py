"""The Qt window. Views show view-models and emit signals; they know no service."""
