#!/usr/bin/python3
"""Drives report.html in a real Chromium, from file://, as an instructor would.

usage: SHMLAB_POOL=POOL test_report_page.py
"""

from __future__ import annotations

import copy
import os
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import class_sample
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

import reports
import results
from test_reports import HOSTILE, hostile_student, pool

# The contrast of every text with what is behind it, after WCAG.
CONTRAST = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const bad = new Set();
let seen = 0;
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !element.checkVisibility() || element.closest("script, option, svg")) continue;
  const one = light(parse(getComputedStyle(element).color)), other = light(behind(element));
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  seen++;
  if (ratio < 7) bad.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
}
return [seen, [...bad]];
"""


class Page(unittest.TestCase):
    """One browser and one page for all tests."""

    browser: Any
    students: list[dict[str, Any]]
    url: str

    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="shmlab-page.")
        cls.addClassCleanup(temporary.cleanup)
        folder = Path(temporary.name)
        header, students = class_sample.make_class(pool(), 30)
        whole = next(one for one in students if len(one["labs"]) == 5)
        students.append(hostile_student(whole, HOSTILE))
        order = results.in_order(student["id"] for student in students)
        cls.students = sorted(students, key=lambda student: order.index(student["id"]))
        class_sample.write_class(folder / "old", header, cls.old(cls.students))
        header["warnings"] = ["b.zip is no archive.", f"There is no submission in {HOSTILE}."]
        class_sample.write_class(folder / "out", header, cls.students)
        reports.write_reports(folder / "out", ["report", "feedback"], folder / "old")
        cls.url = (folder / "out" / "report.html").as_uri()
        options = Options()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--lang=en"):
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={folder / 'profile'}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # Chromium leaves folders beside its profile.
        service = Service("/usr/bin/chromedriver", env={**os.environ, "TMPDIR": str(folder)})
        cls.browser = webdriver.Chrome(service=service, options=options)
        cls.addClassCleanup(cls.browser.quit)

    @staticmethod
    def old(students: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The run before: one grade was better, with the same files."""
        before = copy.deepcopy(students)
        student, lab = next(
            (one, lab)
            for one in before
            if 100 < one["points"] < 490
            for lab in one["labs"].values()
            if 0 < lab["points"] < 100
        )
        lab["points"] += 1
        student["points"] += 1
        return before

    def setUp(self) -> None:
        self.browser.get("about:blank")
        self.browser.get(self.url)

    def tearDown(self) -> None:
        told = [entry["message"] for entry in self.browser.get_log("browser")]
        self.assertEqual(told, [], "the browser complained")

    def do(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def at(self, selector: str) -> Any:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def wait(self, condition: Any) -> None:
        WebDriverWait(self.browser, 60).until(lambda _: condition())

    def column(self, name: str) -> list[str]:
        """The texts of one column, of the rows that are shown."""
        return self.do(
            "const i = document.querySelector(`[data-name='${arguments[0]}']`).cellIndex;"
            "return [...document.querySelectorAll('#class tbody tr')].filter((r) => !r.hidden)"
            ".map((r) => r.cells[i].textContent)",
            name,
        )

    def test_the_table_has_every_student(self) -> None:
        totals = [str(one["points"]) for one in self.students if one["status"] == "graded"]
        self.assertEqual([text for text in self.column("total") if text], totals)

    def test_sorting_by_total(self) -> None:
        head = self.at("[data-name=total]")
        head.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)  # by keyboard
        totals = [int(text) for text in self.column("total") if text]
        self.assertEqual(totals, sorted(totals))
        self.assertEqual(head.get_attribute("aria-sort"), "ascending")
        self.assertEqual(self.column("total")[len(totals) :], [""] * (31 - len(totals)))
        head.find_element(By.TAG_NAME, "button").click()
        self.assertEqual([int(text) for text in self.column("total") if text], totals[::-1])
        self.assertEqual(head.get_attribute("aria-sort"), "descending")

    def test_searching(self) -> None:
        self.at("#search").send_keys("emile")  # without the accent
        self.assertEqual(self.column("name"), ["Émile Roux"])
        self.assertIn("1 student of 31", self.at("#status").text)
        self.at("#clear").click()
        self.assertEqual(len(self.column("name")), 31)

    def test_filtering(self) -> None:
        missing = [one["id"] for one in self.students if one["status"] == "missing"]
        self.do(
            "const s = arguments[0]; s.value = 'missing'; s.dispatchEvent(new Event('change'))",
            self.at("#show"),
        )
        self.assertLessEqual(set(missing), set(self.column("id")))
        self.assertLess(len(self.column("id")), 31)

    def test_one_click_from_a_check_to_its_students(self) -> None:
        link = self.at(".failures .count")
        failed = int(link.text.split()[0])
        link.click()
        self.assertEqual(len(self.column("name")), failed)
        name = link.get_attribute("data-check")
        self.assertEqual(set(self.column(name)), {"\u2715"})

    def test_the_columns_of_a_lab(self) -> None:
        self.at("#view-3").click()
        heads = self.browser.find_elements(By.CSS_SELECTOR, "#class thead .k")
        self.assertEqual(len(heads), 20)
        labels = self.do(
            "return [...document.querySelectorAll('#class tbody .c')].map((c) => c.ariaLabel)"
        )
        self.assertEqual(len(labels), 20 * 31)
        failed = sum(
            record["verdict"] == "failed"
            for one in self.students
            for record in one["labs"].get("3", {"checks": []})["checks"]
        )
        self.assertEqual(labels.count("failed"), failed)
        heads[4].find_element(By.TAG_NAME, "button").send_keys(Keys.SPACE)
        marks = self.column(heads[4].get_attribute("data-name"))
        self.assertEqual(marks, sorted(marks, key="\u2715?\u2205\u2013\u00b7".index))
        self.at("#view-labs").click()
        self.assertEqual(self.browser.find_elements(By.CSS_SELECTOR, "#class .k, #class .c"), [])

    def test_one_click_to_a_story_and_back(self) -> None:
        student = next(one for one in self.students if 0 < one["points"] < 480)
        row = self.at(f"tr[data-id='{student['id']}']")
        link = row.find_element(By.TAG_NAME, "a")
        link.send_keys(Keys.ENTER)
        self.wait(lambda: self.at("#story-text section.check"))
        self.assertEqual(self.at("#story-title").text, student["name"])
        stories = self.browser.find_elements(By.CSS_SELECTOR, "#story-text section.failed")
        records = [one for lab in student["labs"].values() for one in lab["checks"]]
        self.assertEqual(len(stories), sum(one["verdict"] == "failed" for one in records))
        self.at("#next").click()
        self.wait(lambda: self.at("#story-title").text != student["name"])
        self.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
        self.wait(lambda: not self.do("return document.getElementById('story').open"))
        self.assertEqual(self.do("return document.activeElement.tagName"), "A")

    def test_a_hostile_story_runs_nothing(self) -> None:
        stem = results.file_stem(HOSTILE)
        self.do("location.hash = '#student=' + encodeURIComponent(arguments[0])", stem)
        self.wait(lambda: self.at("#story-text section.check"))
        self.assertIn("<script>alert(1)</script>", self.at("#story-title").text)
        self.assertEqual(self.browser.find_elements(By.CSS_SELECTOR, "img"), [])

    def test_a_defect_is_red(self) -> None:
        self.assertIn(
            "1 grade changed although the files did not",
            self.at("[aria-labelledby=compare] .alarm").text,
        )
        self.assertEqual(len(self.browser.find_elements(By.CSS_SELECTOR, "td.alarmed")), 1)

    def test_what_was_left_out_is_seen(self) -> None:
        told = self.at(".warnings").text
        self.assertIn("2 things were left out or are doubtful:", told)
        self.assertIn("b.zip is no archive.", told)
        self.assertIn("<script>alert(1)</script>", told)

    def test_a_narrow_window_cuts_nothing_off(self) -> None:
        size = self.browser.get_window_size()
        self.addCleanup(self.browser.set_window_size, size["width"], size["height"])
        self.browser.set_window_size(500, 900)
        # Every table fits, or can be scrolled to its end.
        cut = self.do(
            "return [...document.querySelectorAll('table')].filter((t) => t.checkVisibility())"
            ".filter((t) => t.getBoundingClientRect().right > innerWidth"
            " && getComputedStyle(t.parentElement).overflowX !== 'auto').map((t) => t.className)"
        )
        self.assertEqual(cut, [])
        frame = self.at(".frame:has(.changes)")
        self.do("arguments[0].scrollLeft = 10000", frame)
        last = self.at(".changes tbody td:last-child")
        right = self.do("return arguments[0].getBoundingClientRect().right", last)
        self.assertLessEqual(right, 500)
        wide = self.do("return document.documentElement.scrollWidth - innerWidth")
        self.assertLessEqual(wide, 0)

    def test_contrast_light_and_dark(self) -> None:
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            for view in ("view-2", "view-all", "view-labs"):
                self.do("document.getElementById(arguments[0]).click()", view)
                seen, bad = self.do(CONTRAST)
                self.assertGreater(seen, 200)
                self.assertEqual(bad, [], f"{scheme}, {view}")

    def test_without_scripts_and_without_network(self) -> None:
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        self.addCleanup(
            self.browser.execute_cdp_cmd, "Emulation.setScriptExecutionDisabled", {"value": False}
        )
        self.browser.refresh()
        self.assertFalse(self.at(".tools").is_displayed())
        self.assertTrue(self.at("td.strip").is_displayed())
        link = self.at("#class tbody a").get_attribute("href")
        self.assertTrue(Path(link.removeprefix("file://").replace("%25", "%")).is_file(), link)

    def test_the_parts_have_names(self) -> None:
        self.assertEqual(
            self.do(
                "return [...document.querySelectorAll('#class thead th')]"
                ".filter((t) => t.scope !== 'col').length"
                " + [...document.querySelectorAll('#class tbody th')]"
                ".filter((t) => t.scope !== 'row').length"
            ),
            0,
        )
        for chart in self.browser.find_elements(By.CSS_SELECTOR, "svg[role=img]"):
            self.assertIn("median", chart.get_attribute("aria-label"))
        first = self.do("return document.querySelector('a').className")
        self.assertEqual(first, "skip")
        wide = self.do("return document.documentElement.scrollWidth - innerWidth")
        self.assertLessEqual(wide, 0)


if __name__ == "__main__":
    if "SHMLAB_POOL" not in os.environ:
        sys.exit(__doc__)
    unittest.main()
