"use strict";
// Sorting, filtering and the stories.  Without it the page is still whole: the table is
// there, the columns are chosen by radio buttons and CSS, and the names lead to feedback/.
(() => {
  const at = (id) => document.getElementById(id);
  const words = JSON.parse(at("words").textContent);
  const table = at("class");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const headRow = table.tHead.rows[0];
  const column = (name) =>
    [...headRow.cells].findIndex((head) => head.dataset.name === name);
  const fill = (text, places) => text.replace(/\{(\w+)\}/g, (_, name) => places[name]);
  const collator = new Intl.Collator(words.language, { numeric: true, sensitivity: "base" });
  document.documentElement.classList.add("scripts");

  // --- Checks ------------------------------------------------------------------------
  // What became of check "3.name", as one letter: each row holds those of a lab as a word.
  const numbers = Object.keys(words.labs);
  const letterOf = (row, name) => {
    const lab = name.split(".")[0];
    const place = words.labs[lab].findIndex(([check]) => `${lab}.${check}` === name);
    return row.dataset.checks.split(" ")[numbers.indexOf(lab)][place];
  };

  const element = (tag, properties, attributes) => {
    const made = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  // The columns of one lab's checks are made when they are asked for: a thousand students by a
  // hundred checks would be too much for any browser.
  const view = (chosen) => {
    const isLab = chosen in words.labs;
    for (const cell of [...headRow.querySelectorAll(".k")]) cell.remove();
    for (const row of rows) while (row.lastElementChild.classList.contains("c")) row.lastElementChild.remove();
    table.dataset.view = isLab ? "check" : chosen;
    numbers.forEach((lab) => {
      const index = column("lab" + lab);
      for (const row of [headRow, ...rows]) row.cells[index].classList.toggle("of", lab === chosen);
    });
    if (!isLab) return;
    for (const [name, promise] of words.labs[chosen]) {
      const attributes = { scope: "col", "aria-sort": "none", title: promise };
      const head = element("th", { className: "k" }, attributes);
      Object.assign(head.dataset, { name: `${chosen}.${name}`, kind: "check" });
      head.append(element("button", { type: "button", textContent: name }, {}));
      headRow.append(head);
    }
    const place = numbers.indexOf(chosen);
    const cells = Object.fromEntries(
      Object.entries(words.marks).map(([letter, [mark, label]]) => [
        letter,
        element("td", { className: "c " + letter, textContent: mark }, { "aria-label": label }),
      ]),
    );
    for (const row of rows) {
      const letters = [...row.dataset.checks.split(" ")[place]];
      row.append(...letters.map((letter) => cells[letter].cloneNode(true)));
    }
  };
  for (const input of document.querySelectorAll("[name=view]")) {
    input.addEventListener("change", () => view(input.value));
    if (input.checked) view(input.value); // a browser may remember the choice
  }

  // --- Sorting ---------------------------------------------------------------------
  // What is worth looking at comes first: failed, could not be checked, ..., passed.
  const order = "fubmp";
  const keys = {
    text: (row, index) => row.cells[index].textContent,
    number: (row, index) => {
      const text = row.cells[index].textContent;
      return text === "" ? "" : Number(text.replace("\u2212", "-"));
    },
    check: (row, _, name) => order.indexOf(letterOf(row, name)),
  };

  const sort = (head, direction) => {
    const { name, kind } = head.dataset;
    const index = head.cellIndex;
    const compare = kind === "text" ? collator.compare : (one, other) => one - other;
    const keyed = rows.map((row, place) => ({ row, place, key: keys[kind](row, index, name) }));
    keyed.sort((one, other) => {
      const empty = (one.key === "") - (other.key === "");
      return empty || direction * compare(one.key, other.key) || one.place - other.place;
    });
    for (const other of headRow.querySelectorAll("[aria-sort]")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    body.append(...keyed.map((one) => one.row));
  };

  headRow.addEventListener("click", (event) => {
    const head = event.target.closest("button")?.closest("th");
    if (head) sort(head, head.getAttribute("aria-sort") === "ascending" ? -1 : 1);
  });

  // --- Filtering -------------------------------------------------------------------
  const search = at("search");
  const show = at("show");
  const failed = at("failed");
  const status = at("status");
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const texts = rows.map((row) =>
    plain([...row.cells].filter((cell) => cell.matches("th, .id, .late, .note"))
      .map((cell) => cell.textContent).join(" ")));

  const filter = () => {
    const wanted = plain(search.value).split(/\s+/).filter(Boolean);
    const kind = show.value;
    let shown = 0;
    rows.forEach((row, index) => {
      const visible =
        wanted.every((word) => texts[index].includes(word)) &&
        (kind === "" || row.dataset.is.split(" ").includes(kind)) &&
        (failed.value === "" || letterOf(row, failed.value) === "f");
      row.hidden = !visible;
      shown += visible;
    });
    const sentence = shown === 1 && words.shown.one ? words.shown.one : words.shown.other;
    status.textContent = fill(sentence, { n: shown, whole: rows.length });
    at("clear").hidden = shown === rows.length;
  };

  search.addEventListener("input", filter);
  show.addEventListener("change", filter);
  failed.addEventListener("change", filter);
  at("clear").addEventListener("click", () => {
    search.value = show.value = failed.value = "";
    filter();
    search.focus();
  });
  for (const link of document.querySelectorAll("[data-check]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      search.value = show.value = "";
      failed.value = link.dataset.check;
      at("view-" + link.dataset.lab).checked = true;
      view(link.dataset.lab);
      filter();
      at("students").scrollIntoView();
      failed.focus({ preventScroll: true });
    });
  }
  filter();

  // --- Stories ---------------------------------------------------------------------
  const dialog = at("story");
  const stories = at("stories").textContent.trim().split("\n");
  const prefix = "#student=";
  const idOf = (row) => row.dataset.id;
  const visibleRows = () => [...body.rows].filter((row) => !row.hidden);

  const unpacked = async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).text();
  };

  const open = async (row) => {
    const link = row.querySelector("a");
    at("story-title").textContent = link.textContent;
    at("story-points").textContent =
      fill(words.points, { points: row.cells[column("total")].textContent || "?", possible: words.possible });
    at("story-file").href = link.getAttribute("href");
    try {
      at("story-text").innerHTML = await unpacked(stories[Number(row.dataset.n)]);
    } catch {
      at("story-text").textContent = words.no_stories;
    }
    const around = visibleRows();
    const place = around.indexOf(row);
    for (const [id, other] of [["previous", around[place - 1]], ["next", around[place + 1]]]) {
      at(id).disabled = place < 0 || !other;
      at(id).onclick = () => go(other);
    }
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  };

  const go = (row) => {
    history.replaceState(null, "", prefix + encodeURIComponent(idOf(row)));
    follow();
  };

  const follow = () => {
    if (!location.hash.startsWith(prefix)) {
      if (dialog.open) dialog.close();
      return;
    }
    const id = decodeURIComponent(location.hash.slice(prefix.length));
    const row = rows.find((one) => idOf(one) === id);
    if (row) open(row);
  };

  body.addEventListener("click", (event) => {
    const link = event.target.closest("th a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    location.hash = prefix + encodeURIComponent(idOf(link.closest("tr")));
  });
  dialog.addEventListener("close", () => {
    if (!location.hash.startsWith(prefix)) return;
    const id = decodeURIComponent(location.hash.slice(prefix.length));
    history.replaceState(null, "", location.pathname + location.search + "#students");
    rows.find((one) => idOf(one) === id)?.querySelector("a").focus();
  });
  at("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  window.addEventListener("hashchange", follow);
  follow();
})();
