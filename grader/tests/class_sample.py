#!/usr/bin/python3
"""Makes the results of a class that never was, to try the reports with.

    class_sample.py pool BUILD POOL [MUTANTS]   real results of single labs, one JSON file
    class_sample.py class POOL OUT COUNT        a class of COUNT students made from them

The pool holds what build/shmlab really says about the solutions, the skeletons, the right
programs, MUTANTS wrong ones a lab, and a file that does not compile. The class is drawn from it
with a fixed seed: the same pool and count give the same bytes.
"""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "grader" / "class"))

import results  # noqa: E402  (the path comes first)
from submissions import (  # noqa: E402
    Sources,
    Submission,
    clean_solution,
    lab_directory,
    sources_of,
    write_sources,
)
import steady  # noqa: E402

LABS = (
    (1, "01-ftok", "ftok keys", ["keys.c"]),
    (2, "02-create", "IPC_CREAT versus IPC_EXCL", ["create.c"]),
    (3, "03-attach", "attach, detach and nattch", ["attach.c"]),
    (4, "04-rmid", "IPC_RMID and the dest status", ["remove.c"]),
    (5, "05-fifo", "a reader and a writer, synchronised through FIFOs", ["reader.c", "writer.c"]),
)
NAMES = (
    "Ann Li|Bo Chen|Chidi Okafor|Dana Novák|Émile Roux|Fatima Zahra|Giulia Conti|Hiro Tanaka|"
    "Ines García|João Silva|Katarzyna Wiśniewska|Lars Ødegård|Mei-Ling Wu|Nikos Papadakis|"
    "Olga Ivanova|Paweł Zieliński|Quynh Tran|Ravi Kumar|Søren Kjær|Tomás Ó Briain|Uma Patel|"
    "Viktor Horváth|Wanjiru Kamau|Xiomara Cruz|Yusuf Demir|Zoë Jansen|王小明|김민준|"
    "María José de la Cruz Hernández-Montenegro|Ng"
).split("|")

Json = dict[str, Any]


def sources(number: int, files: list[str], variant: str) -> Sources:
    """The files of one variant of a lab."""
    clean = clean_solution(number)
    if variant == "skeleton":
        return {file: (ROOT / "labs" / file).read_bytes() for file in clean}
    if variant == "broken":
        first = f"{lab_directory(number)}/{files[0]}"
        return clean | {first: b'int broken(void)\n{\n    return "no;\n}\n'}
    path = ROOT / variant
    return clean if variant == "solution" else sources_of(Submission(number, "mutant", path))


def grade(build: Path, number: int, files: list[str], variant: str) -> Json:
    """What build/shmlab says about one variant of one lab."""
    with tempfile.TemporaryDirectory(prefix="shmlab-sample.") as temporary:
        own = Path(temporary) / "build"
        own.mkdir()
        for part in ("course", "checks", "checks.json", "plain"):
            # Hard links or copies: a symbolic link into /tmp leads nowhere in the namespaces.
            subprocess.run(["cp", "-r", build / part, own], check=True)
        write_sources(sources(number, files, variant), Path(temporary) / "sources")
        environment = os.environ | {
            "SHMLAB_BUILD": str(own),
            "SHMLAB_SOURCES": str(Path(temporary) / "sources"),
        }
        run = subprocess.run(
            [build / "shmlab", "lab", str(number)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        kept = own / f"lab{number}" / "results.json"
        shown = run.stdout.replace(f"{temporary}/sources", "labs")
        if not kept.exists():
            return not_built(build, number, shown)
        records = json.loads(kept.read_text())
    warnings = shown.partition("(this costs no points):\n")[2].partition("\nLab ")[0]
    points = sum(record["points"] for record in records if record["verdict"] == "passed")
    verdicts = {record["verdict"] for record in records}
    verdict = "failed" if "failed" in verdicts else "passed"
    return {
        "points": points,
        "verdict": "unchecked" if "unchecked" in verdicts and points == 0 else verdict,
        "build": {"ok": True, "messages": warnings},
        "checks": [slim(record) for record in records],
    }


def slim(record: Json) -> Json:
    """A record as the engine keeps it: what the header tells, and the story of a pass, left out."""
    told = ("name", "verdict", "leaks", *(results.STORY if record["verdict"] != "passed" else ()))
    return {name: record[name] for name in told if record.get(name)}


def not_built(build: Path, number: int, shown: str) -> Json:
    messages = shown.partition("\n\n")[2].partition("\n\n  ----")[0] + "\n"
    records = [
        {
            "name": check["name"],
            "verdict": "unchecked",
            "expected": "not checked: does not compile",
            "seen": "Mend the first error that the compiler names, and try again.",
        }
        for check in checks_of(build, number)
    ]
    return {
        "points": 0,
        "verdict": "failed",
        "build": {"ok": False, "messages": messages},
        "checks": records,
    }


def checks_of(build: Path, number: int) -> list[Json]:
    listed = json.loads((build / "checks.json").read_text())["checks"]
    return [
        {name: check[name] for name in ("name", "points", "promise", "hints")}
        for check in listed
        if check["lab"] == f"lab{number}"
    ]


def variants(number: int, mutants: int) -> list[str]:
    chosen = random.Random(number)
    wrong = sorted((ROOT / f"grader/mutants/lab{number}").iterdir())
    right = sorted((ROOT / f"grader/mutants/right/lab{number}").iterdir())
    paths = chosen.sample(wrong, min(mutants, len(wrong))) + right[: mutants // 4]
    return ["solution", "skeleton", "broken", *(str(path.relative_to(ROOT)) for path in paths)]


def make_pool(build: Path, pool: Path, mutants: int) -> None:
    """Grades every variant, and keeps what was said in one file."""
    work = [
        (number, files, variant)
        for number, _, _, files in LABS
        for variant in variants(number, mutants)
    ]
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        graded = list(executor.map(lambda one: grade(build, *one), work))
    labs = [
        {
            "number": number,
            "directory": directory,
            "title": title,
            "files": files,
            "points": 100,
            "checks": checks_of(build, number),
        }
        for number, directory, title, files in LABS
    ]
    entries = [
        {"lab": one[0], "variant": one[2], "result": result}
        for one, result in zip(work, graded, strict=True)
    ]
    pool.write_text(json.dumps({"labs": labs, "results": entries}, ensure_ascii=False))


def missing_lab(lab: Json) -> Json:
    return {
        "points": 0,
        "verdict": "missing",
        "build": {"ok": False, "messages": f"There is no {lab['files'][0]} in the submission."},
        "checks": [],
    }


def make_student(number: int, labs: list[Json], pool: Json, chosen: random.Random) -> Json:
    """One student: about a third are good, a few gave nothing, or only some labs."""
    name = NAMES[number % len(NAMES)] + (f" {number}" if number >= len(NAMES) else "")
    student: Json = {
        "id": f"s{number + 1:03d}",
        "name": name,
        "on_roster": number % 23 != 7,
        "status": "graded",
        "late": "2 days 3 hours" if number % 11 == 3 else None,
        "notes": [],
        "submission": None,
        "points": 0,
        "labs": {},
    }
    if number % 19 == 12:
        student["status"] = "missing"
        return student
    student["submission"] = {"source": f"class.zip/{name}", "superseded": [], "files": {}}
    if number % 17 == 4:
        student["submission"]["superseded"] = [f"class.zip/{name} (1)"]
        student["notes"].append("There are 2 submissions; the newest one was graded.")
    if number % 37 == 20:
        student["status"] = "unchecked"
        student["notes"].append("The grader ended before it had a verdict; grade this one again.")
        return student
    skill = chosen.random()
    for lab in labs:
        of_lab = [entry for entry in pool["results"] if entry["lab"] == lab["number"]]
        if chosen.random() > skill + 0.75:
            student["labs"][str(lab["number"])] = missing_lab(lab)
            continue
        good = chosen.random() < skill
        entry = of_lab[0] if good else chosen.choice(of_lab)
        student["labs"][str(lab["number"])] = copy.deepcopy(entry["result"])
        for name in lab["files"]:
            digest = results.file_stem(entry["variant"])[-40:].encode().hex().ljust(64, "0")[:64]
            student["submission"]["files"][name] = digest
    student["points"] = sum(lab["points"] for lab in student["labs"].values())
    return student


def make_class(pool: Json, count: int) -> tuple[Json, list[Json]]:
    """A header and the students, as results.write_results takes them."""
    chosen = random.Random(count)
    header = {
        "schema": results.SCHEMA,
        "course": {"name": "shmlab", "checks": "5a" * 32},
        "compiler": "gcc (Debian 12.2.0-14) 12.2.0",
        "isolation": {"level": "none", "text": "The submissions ran without a sandbox."},
        "labs": pool["labs"],
    }
    students = [make_student(number, pool["labs"], pool, chosen) for number in range(count)]
    order = results.in_order(student["id"] for student in students)
    by_id = {student["id"]: student for student in students}
    return header, [by_id[student_id] for student_id in order]


def write_class(out: Path, header: Json, students: list[Json]) -> None:
    """A result folder, as far as the engine writes it."""
    (out / "students").mkdir(parents=True, exist_ok=True)
    students = copy.deepcopy(students)
    for student in students:
        stem = results.file_stem(student["id"])
        results.write_traces(out, stem, steady.take_traces(student["labs"]))
        path = out / "students" / f"{stem}.json"
        results.write_atomically(path, results.dump(student) + "\n")
    results.write_results(out, header, students)


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["pool"] and len(arguments) in (3, 4):
        mutants = int(arguments[3]) if len(arguments) == 4 else 12
        make_pool(Path(arguments[1]).resolve(), Path(arguments[2]), mutants)
        return 0
    if arguments[:1] == ["class"] and len(arguments) == 4:
        pool = json.loads(Path(arguments[1]).read_text())
        write_class(Path(arguments[2]), *make_class(pool, int(arguments[3])))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
