#!/usr/bin/env python3
"""Compares two transcripts scenario by scenario; every difference must be in the table.

    compare.py OURS THEIRS TABLE FACTS [--suggest]

TABLE has a row per kind of difference, five columns apart by tabulators: the scenarios (patterns, apart by blanks), our
line, the other side's line (patterns; "-" for no line), what decides (numbers of FACTS, or a document) and why. A row that
explains nothing, or names a fact that FACTS does not have, is an error; "sometimes:" before the reason allows a row to
explain nothing where the other side does not always say the same. Where that ends in a crash or hangs, what we say
afterwards is not compared.
"""
import fnmatch
import functools
import re
import sys

SOMETIMES = "sometimes:"
ENDS = ("the program crashes", "the scenario does not end")
NOTHING = "-"
# What an alignment costs: lines paired by a row, lines of one side that a row explains, lines that none explains.
PAIRED, ALONE, UNEXPLAINED = 1, 10, 1000


class Row:
    def __init__(self, number, line):
        columns = line.split("\t")
        if len(columns) != 5 or not all(column.strip() for column in columns):
            sys.exit(f"line {number} of the table does not have five columns: {line}")
        self.number = number
        self.scenarios = columns[0].split()
        self.ours, self.theirs, self.decided_by, self.why = columns[1:]
        self.uses = 0

    def concerns(self, scenario):
        return any(fnmatch.fnmatchcase(scenario, pattern) for pattern in self.scenarios)


def matches(pattern, line):
    # Square brackets have no meaning here.
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(expression, line) is not None


def read_table(path, facts_path):
    with open(facts_path, encoding="utf-8") as file:
        known = set(re.findall(r"^\| (\d[\d.]*) \|", file.read(), re.M))
    rows = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file.read().splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            row = Row(number, line)
            for fact in re.findall(r"fact ([\d.]*\d)", row.decided_by):
                if fact not in known:
                    sys.exit(f"line {number} of the table: {facts_path} has no fact {fact}")
            rows.append(row)
    return rows


def read_transcript(path):
    scenarios, name = {}, None
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("=== "):
                name = line[4:]
                if name in scenarios:
                    sys.exit(f"{path} has {name} twice")
                scenarios[name] = []
            elif name is None:
                sys.exit(f"{path} does not begin with a scenario: {line}")
            else:
                scenarios[name].append(line)
    return scenarios


def align(ours, theirs, rows):
    """The cheapest way to pair the lines: a list of (our line, their line, row), None for what is missing."""
    free_rest = bool(theirs) and theirs[-1] in ENDS

    def find(our, their):
        for row in rows:
            if (row.ours == NOTHING) == (our is None) and (row.theirs == NOTHING) == (their is None):
                if (our is None or matches(row.ours, our)) and (their is None or matches(row.theirs, their)):
                    return row
        return None

    find = functools.lru_cache(maxsize=None)(find)
    height, width = len(ours), len(theirs)
    best = [[None] * (width + 1) for _ in range(height + 1)]
    for i in range(height, -1, -1):
        for j in range(width, -1, -1):
            options = []
            if i == height and j == width:
                best[i][j] = (0, None)
                continue
            if i < height and j < width:
                if ours[i] == theirs[j]:
                    options.append((best[i + 1][j + 1][0], (1, 1, None)))
                elif (row := find(ours[i], theirs[j])) is not None:
                    options.append((best[i + 1][j + 1][0] + PAIRED, (1, 1, row)))
            if i < height:
                row = find(ours[i], None)
                free = free_rest and j == width
                cost = 0 if free else ALONE if row else UNEXPLAINED
                options.append((best[i + 1][j][0] + cost, (1, 0, None if free else row)))
            if j < width:
                row = find(None, theirs[j])
                options.append((best[i][j + 1][0] + (ALONE if row else UNEXPLAINED), (0, 1, row)))
            best[i][j] = min(options, key=lambda option: option[0])
    steps, i, j = [], 0, 0
    while i < height or j < width:
        down, right, row = best[i][j][1]
        our, their = ours[i] if down else None, theirs[j] if right else None
        if our != their and not (free_rest and j == width):
            steps.append((our, their, row))
        i, j = i + down, j + right
    return steps


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    suggest = "--suggest" in sys.argv
    if len(arguments) != 4:
        sys.exit(__doc__)
    ours, theirs = read_transcript(arguments[0]), read_transcript(arguments[1])
    rows = read_table(arguments[2], arguments[3])
    if list(ours) != list(theirs):
        sys.exit(f"the sides play different scenarios: {set(ours) ^ set(theirs)}")
    equal, explained, unexplained = 0, 0, 0
    for name in ours:
        steps = align(ours[name], theirs[name], [row for row in rows if row.concerns(name)])
        open_steps = [step for step in steps if step[2] is None]
        for _, _, row in steps:
            if row is not None:
                row.uses += 1
        equal += not steps
        explained += bool(steps) and not open_steps
        if not open_steps:
            continue
        unexplained += 1
        print(f"{name}: unexplained")
        for our, their, _ in open_steps:
            if suggest:
                print(f"{name}\t{our or NOTHING}\t{their or NOTHING}\t\t")
            else:
                print("\n".join([f"  ours:   {our}"] * (our is not None) + [f"  theirs: {their}"] * (their is not None)))
    unused = [row for row in rows if row.uses == 0 and not row.why.startswith(SOMETIMES)]
    for row in unused:
        print(f"line {row.number} of the table explains nothing: {row.ours} / {row.theirs}")
    print(f"{len(ours)} scenarios: {equal} equal, {explained} with explained differences, {unexplained} with others")
    sys.exit(1 if unexplained or unused else 0)


main()
