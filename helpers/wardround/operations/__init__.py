"""What makes a model a system that can be run, watched and undone, and the documents that say so."""
