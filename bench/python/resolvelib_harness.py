"""Asks resolvelib (Debian: python3-resolvelib), which pip is built on.

Lines in, fields apart by tabs, which the bench writes:
    version NAME VERSION           the next lines are about it
    need NAME FROM BELOW           another one, from one version on up to another one
    ask NAME
    run                            answers
    clear
Answers a line: resolved, unresolvable or undecided, the nanoseconds that it took, and of what was resolved each as NAME@VERSION.
"""
import sys
import time

from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, Resolver
from resolvelib.resolvers import ResolutionTooDeep


class Provider(AbstractProvider):
    def __init__(self, versions, needs):
        self.versions = versions
        self.needs = needs

    def identify(self, requirement_or_candidate):
        return requirement_or_candidate[0]

    def get_preference(self, identifier, resolutions, candidates, information, backtrack_causes):
        # As its own examples have it: what has the fewest candidates first.
        return sum(1 for _ in candidates[identifier])

    def find_matches(self, identifier, requirements, incompatibilities):
        wanted = list(requirements[identifier])
        out = {candidate[1] for candidate in incompatibilities[identifier]}
        return [
            (identifier, version)
            for version in self.versions.get(identifier, ())
            if version not in out and all(low <= version < high for _, low, high in wanted)
        ]

    def is_satisfied_by(self, requirement, candidate):
        return requirement[1] <= candidate[1] < requirement[2]

    def get_dependencies(self, candidate):
        return self.needs[candidate]


def main():
    versions, needs, asked, last = {}, {}, [], None
    for line in sys.stdin:
        word, *fields = line.rstrip("\n").split("\t")
        if word == "version":
            last = (fields[0], int(fields[1]))
            versions.setdefault(last[0], []).append(last[1])
            needs[last] = []
        elif word == "need":
            needs[last].append((fields[0], int(fields[1]), int(fields[2])))
        elif word == "ask":
            asked.append((fields[0], 0, 1 << 30))
        elif word == "clear":
            versions, needs, asked = {}, {}, []
        elif word == "run":
            for some in versions.values():
                some.sort(reverse=True)
            began = time.perf_counter_ns()
            try:
                result = Resolver(Provider(versions, needs), BaseReporter()).resolve(asked, max_rounds=1_000_000)
                outcome, chosen = "resolved", [f"{name}@{version}" for name, version in result.mapping.values()]
            except ResolutionImpossible:
                outcome, chosen = "unresolvable", []
            except (ResolutionTooDeep, RecursionError):
                outcome, chosen = "undecided", []
            print("\t".join([outcome, str(time.perf_counter_ns() - began), *chosen]), flush=True)


main()
