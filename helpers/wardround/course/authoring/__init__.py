"""What authors run: build the notebooks and exercises, prove the questions, lint the prose."""
