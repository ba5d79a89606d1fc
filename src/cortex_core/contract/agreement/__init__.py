"""The parts of the machine that compares stores."""
