"""View-models: a state of the desk as texts, roles and switches. Pure, without Qt."""
