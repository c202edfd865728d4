"""The governance playbook: what was built, gathered as facts; twelve decisions, written; and the two held together."""
