#!/usr/bin/python3
"""Looks at the slides in a real browser, as a person would.

    look.py check TEST DECK.html...           names each slide that fails
    look.py pictures DIRECTORY DECK.html...   a PNG a slide, size and theme

Tests: looks (fit, size and contrast of text, nothing from elsewhere), keys, speaker,
plain (without scripts).
"""

from __future__ import annotations

import argparse
import base64
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

SIZES = [(1920, 1080), (1024, 768)]
PATIENCE = 300  # seconds, on a machine that has other things to do
THEMES = ["light", "dark"]
SCRIPTS = Path(__file__).with_name("look.js").read_text(encoding="utf-8")


@contextmanager
def browser(scripts: bool = True) -> Iterator[Chrome]:
    """A Chromium without a window, and with no network."""
    options = ChromeOptions()
    for argument in ("--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run"):
        options.add_argument(argument)
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND")
    if os.getuid() == 0:
        options.add_argument("--no-sandbox")
    if not scripts:
        options.add_experimental_option(
            "prefs", {"profile.managed_default_content_settings.javascript": 2}
        )
    # Chromium leaves folders beside its profile, so it gets a place for both.
    with TemporaryDirectory(prefix="shmlab-look-", ignore_cleanup_errors=True) as place:
        service = Service("/usr/bin/chromedriver", env={**os.environ, "TMPDIR": place})
        driver = Chrome(options=options, service=service)
        driver.set_script_timeout(PATIENCE)
        try:
            yield driver
        finally:
            driver.quit()


def resize(driver: Chrome, width: int, height: int) -> None:
    """Gives the page exactly this size."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )


def visit(driver: Chrome, deck: Path, theme: str = "light", query: str = "") -> None:
    """Opens a deck at its first slide, with its fonts loaded."""
    driver.get(f"{deck.resolve().as_uri()}?theme={theme}{query}")
    driver.execute_async_script("document.fonts.ready.then(arguments[0])")


def ask(driver: Chrome, function: str) -> list[str]:
    """What a function of look.js complains of."""
    return driver.execute_script(f"{SCRIPTS}; return {function}();")


def check_looks(driver: Chrome, deck: Path) -> Iterator[str]:
    """What one sees: does it fit, can it be read, does it stand out from its ground?"""
    for width, height in SIZES:
        resize(driver, width, height)
        visit(driver, deck)
        for complaint in ask(driver, "overflowing") + ask(driver, "tiny"):
            yield f"at {width}x{height}, {complaint}"
    for theme in THEMES:
        visit(driver, deck, theme)
        for complaint in ask(driver, "faint"):
            yield f"{theme}, {complaint}"
    yield from ask(driver, "foreign")


def slide(driver: Chrome) -> int:
    return int(driver.execute_script("return location.hash.slice(1)"))


def check_keys(driver: Chrome, deck: Path) -> Iterator[str]:
    """Presses what a speaker presses, and looks where that leads."""
    resize(driver, *SIZES[0])
    visit(driver, deck)
    last = driver.execute_script("return document.querySelectorAll('.sheet').length")

    def press(*keys: str) -> None:
        ActionChains(driver).send_keys(*keys).perform()

    def has(name: str) -> bool:
        return driver.execute_script(f"return document.body.classList.contains('{name}')")

    for keys, wanted in [
        ([Keys.ARROW_RIGHT], 2),
        ([Keys.ARROW_LEFT], 1),
        ([Keys.ARROW_LEFT], 1),
        ([Keys.SPACE, Keys.PAGE_DOWN], 3),
        ([Keys.PAGE_UP], 2),
        (["4", Keys.ENTER], 4),
        ([Keys.END], last),
        ([Keys.ARROW_RIGHT], last),
        ([Keys.HOME], 1),
    ]:
        press(*keys)
        if slide(driver) != wanted:
            yield f"keys {keys!r} lead to slide {slide(driver)} and not to {wanted}"
    for key, name in [("o", "overview"), ("b", "black")]:
        for wanted_state in (True, False):
            press(key)
            if has(name) is not wanted_state:
                yield f"key {key} does not turn {name} {'on' if wanted_state else 'off'}"
    press("o")
    driver.find_elements("css selector", ".sheet")[2].click()
    if slide(driver) != 3 or has("overview"):
        yield "a click in the overview does not go to its slide"
    for wanted_theme in ("dark", "light"):
        press("d")
        if driver.execute_script("return document.documentElement.dataset.theme") != wanted_theme:
            yield f"key d does not turn the page {wanted_theme}"
    press("f")
    WebDriverWait(driver, PATIENCE).until(
        lambda d: d.execute_script("return document.fullscreenElement !== null")
    )
    press("f")
    WebDriverWait(driver, PATIENCE).until(
        lambda d: d.execute_script("return document.fullscreenElement === null")
    )
    press("?")
    if not driver.execute_script("return document.getElementById('help').open"):
        yield "key ? does not open the help"
    press(Keys.ESCAPE)
    driver.execute_script(
        """
        const touch = (type, list, x) => document.dispatchEvent(Object.assign(
            new Event(type, { bubbles: true }), { [list]: [{ clientX: x }] }));
        touch('touchstart', 'touches', 300); touch('touchend', 'changedTouches', 100);
        """
    )
    if slide(driver) != 4:
        yield "a wipe to the left does not go on to the next slide"


def check_speaker(driver: Chrome, deck: Path) -> Iterator[str]:
    """The two windows of a speaker follow each other."""
    visit(driver, deck)
    main = driver.current_window_handle
    ActionChains(driver).send_keys("s").perform()
    WebDriverWait(driver, PATIENCE).until(lambda d: len(d.window_handles) == 2)
    speaker = next(handle for handle in driver.window_handles if handle != main)

    def follows(handle: str, wanted: int) -> bool:
        driver.switch_to.window(handle)
        return WebDriverWait(driver, PATIENCE).until(lambda d: slide(d) == wanted)

    driver.switch_to.window(speaker)
    WebDriverWait(driver, PATIENCE).until(
        lambda d: d.find_elements("css selector", "#timer .clock")
    )
    for selector, what in [
        (".sheet.now .frame", "this slide"),
        (".sheet.next .frame", "the next slide"),
        (".sheet.now .notes", "the notes"),
        ("#timer .clock", "the clock"),
    ]:
        element = driver.find_element("css selector", selector)
        if not element.is_displayed():
            yield f"the speaker's window does not show {what}"
    ActionChains(driver).send_keys(Keys.ARROW_RIGHT).perform()
    if not follows(main, 2):
        yield "the slides do not follow the speaker's window"
    ActionChains(driver).send_keys(Keys.ARROW_RIGHT).perform()
    if not follows(speaker, 3):
        yield "the speaker's window does not follow the slides"
    driver.close()
    driver.switch_to.window(main)


def check_plain(driver: Chrome, deck: Path) -> Iterator[str]:
    """Without scripts: all slides one below the other, with their notes."""
    resize(driver, *SIZES[0])
    driver.get(deck.resolve().as_uri())
    for selector in (".frame", ".notes"):
        for number, element in enumerate(driver.find_elements("css selector", selector), start=1):
            if not element.is_displayed() or element.size["height"] < 10:
                yield f"without scripts, {selector} of slide {number} cannot be seen"


CHECKS: dict[str, Callable[[Chrome, Path], Iterator[str]]] = {
    "looks": check_looks,
    "keys": check_keys,
    "speaker": check_speaker,
    "plain": check_plain,
}


def check(test: str, decks: list[Path]) -> int:
    failed = 0
    with browser(scripts=test != "plain") as driver:
        for deck in decks:
            for complaint in CHECKS[test](driver, deck):
                print(f"{deck.name}: {complaint}")
                failed = 1
    return failed


def pictures(directory: Path, decks: list[Path]) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    with browser() as driver:
        for deck, (width, height), theme in product(decks, SIZES, THEMES):
            resize(driver, width // 2, height // 2)  # the layout is the same, and drawn faster
            visit(driver, deck, theme)
            count = driver.execute_script("return document.querySelectorAll('.sheet').length")
            for number in range(1, count + 1):
                driver.execute_script(f"location.hash = '#{number}'")
                shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
                name = f"{deck.stem}-{width}-{theme}-{number:02}.png"
                (directory / name).write_bytes(base64.b64decode(shot["data"]))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("check")
    one.add_argument("test", choices=CHECKS)
    one.add_argument("decks", type=Path, nargs="+")
    two = commands.add_parser("pictures")
    two.add_argument("directory", type=Path)
    two.add_argument("decks", type=Path, nargs="+")
    arguments = parser.parse_args()
    if arguments.command == "check":
        return check(arguments.test, arguments.decks)
    return pictures(arguments.directory, arguments.decks)


if __name__ == "__main__":
    sys.exit(main())
