"""What passed and what failed, with reasons."""


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, problems):
        """Counts one check; `problems` is a list of sentences, empty if it passed."""
        problems = [str(problem) for problem in problems]
        if problems:
            self.failed += 1
            print(f"FAIL  {name}")
            for problem in problems:
                print("      " + problem.replace("\n", "\n      "))
        else:
            self.passed += 1
            print(f"ok    {name}")
