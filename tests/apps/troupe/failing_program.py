"""Stands in for a test program: fails as long as the faults in its plan include all of a given list.

    failing_program.py NEEDED...   NEEDED: KIND:NODE, e.g. crash:a. A partition counts for each of its nodes.

Plans three faults a node when it has no plan, and notes the plan of each run in RUNS_FILE.
"""
import json
import os
import sys
import time

SEED = os.environ.get("TROUPE_SIM_SEED", "1")


def planned():
    events = []
    for index, node in enumerate(["a", "b", "c", "d"]):
        start = 1000 + index * 1234
        events.append({"at": f"{start}ms", "for": "3456ms", "kind": "crash", "nodes": [node]})
        events.append({"at": f"{start + 100}ms", "for": "5s", "kind": "partition", "nodes": [node], "others": ["e", "f"]})
        events.append({"at": f"{start + 200}ms", "for": "2s", "kind": "loss", "nodes": [], "others": [], "chance": 0.25})
    return {"events": events}


def main():
    plan = planned()
    if "TROUPE_SIM_PLAN" in os.environ:
        with open(os.environ["TROUPE_SIM_PLAN"], encoding="utf-8") as file:
            plan = json.load(file)
    elif "TROUPE_SIM_PLAN_OUT" in os.environ and "NO_PLAN" not in os.environ:
        with open(os.environ["TROUPE_SIM_PLAN_OUT"], "w", encoding="utf-8") as file:
            json.dump(plan, file)
    if "RUNS_FILE" in os.environ:
        with open(os.environ["RUNS_FILE"], "a", encoding="utf-8") as runs:
            runs.write(os.environ.get("TROUPE_SIM_PLAN", "no plan")[:1] + json.dumps(plan) + "\n")
    there = {f"{event['kind']}:{node}" for event in plan["events"] for node in event["nodes"]}
    if SEED == "0":
        return 0
    if "hang" in sys.argv[1:]:
        time.sleep(600)
    if "other-if-alone" in os.environ.get("MODE", "") and len(plan["events"]) == 1:
        print("=== the simulation failed: something else altogether")
        return 1
    if all(needed in there for needed in sys.argv[1:]):
        print(f"=== the simulation failed: order {len(plan['events'])}17 is lost\nat seed {SEED}")
        return len(plan["events"]) + 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
