# Each line is one call of start.py, which sets up what is missing first. Without make: python start.py lab
PYTHON ?= python3

.PHONY: lab test prove proof build lock doctor
lab test prove proof build lock doctor:
	@$(PYTHON) start.py $@ $(ARGS)
