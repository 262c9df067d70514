"""The page before anything else, where the key of the queue waits for its PIN."""
