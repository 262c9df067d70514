"""The queue in the staff window: what waits and why, and how a filed reading is put right."""
