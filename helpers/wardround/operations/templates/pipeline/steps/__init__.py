"""The nine steps, each `run(house, week)`: it does one thing and returns what the log is to know of it."""
