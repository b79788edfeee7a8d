"""Counts and prints the results of checks."""


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, problems):
        """Counts one check. `problems` is a list of messages, empty if the check passed."""
        problems = [str(problem) for problem in problems]
        if problems:
            self.failed += 1
            print(f"FAIL  {name}")
            for problem in problems:
                print("      " + problem.replace("\n", "\n      "))
        else:
            self.passed += 1
            print(f"ok    {name}")
