"""The table of medians from the results of all rounds, on standard input."""

import json
import sys
from collections import defaultdict
from statistics import median
from typing import Any

BARE = "bare"


def main() -> None:
    # By number of connections and runtime, round after round.
    results: dict[int, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for line in sys.stdin:
        result = json.loads(line)
        results[result["connections"]][result["runtime"]].append(result)
    print("| connections | runtime | CPU s/s | µs of CPU per connection and second | beside the bare loop | delivered |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for connections, runtimes in sorted(results.items()):
        for runtime, rounds in sorted(runtimes.items(), key=lambda item: share(item[1])):
            pairs = zip(rounds, runtimes.get(BARE, []), strict=False)
            ratios = [one["cpu_share"] / bare["cpu_share"] for one, bare in pairs]
            beside = f"{median(ratios):.2f}x" if ratios else ""
            each = share(rounds) / connections * 1e6
            delivered = min(one["delivered"] for one in rounds)
            print(f"| {connections} | {runtime} | {share(rounds):.3f} | {each:.0f} | {beside} | {delivered:.3f} |")


def share(rounds: list[dict[str, Any]]) -> float:
    return median(one["cpu_share"] for one in rounds)


main()
