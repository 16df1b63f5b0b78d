"use strict";
// Sorting, filtering and the stories.  Without it the page is still whole: the table is
// there, the columns are chosen by radio buttons and CSS, and the names lead to feedback/.
(() => {
  const at = (id) => document.getElementById(id);
  const words = JSON.parse(at("words").textContent);
  const table = at("class");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const column = (name) => heads.findIndex((head) => head.dataset.name === name);
  const fill = (text, places) => text.replace(/\{(\w+)\}/g, (_, name) => places[name]);
  const collator = new Intl.Collator(words.language, { numeric: true, sensitivity: "base" });
  document.documentElement.classList.add("scripts");

  // --- Sorting ---------------------------------------------------------------------
  // What is worth looking at comes first: failed, could not be checked, ..., passed.
  const order = { f: 0, u: 1, b: 2, m: 3, p: 4 };
  const keys = {
    text: (cell) => cell.textContent,
    number: (cell) => (cell.textContent === "" ? null : Number(cell.textContent.replace("−", "-"))),
    check: (cell) => order[cell.className[0]],
  };

  const sort = (index, direction) => {
    const key = keys[heads[index].dataset.kind];
    const compare =
      heads[index].dataset.kind === "text" ? collator.compare : (one, other) => one - other;
    const keyed = rows.map((row, place) => ({ row, place, key: key(row.cells[index]) }));
    keyed.sort((one, other) => {
      const empty = (one.key === null || one.key === "") - (other.key === null || other.key === "");
      return empty || direction * compare(one.key, other.key) || one.place - other.place;
    });
    for (const head of heads) head.setAttribute("aria-sort", "none");
    heads[index].setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    body.append(...keyed.map((one) => one.row));
  };

  heads.forEach((head, index) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      // Points begin with the fewest, as names with A.
      sort(index, now === "ascending" ? -1 : 1);
    });
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
    const check = failed.value === "" ? -1 : column(failed.value);
    let shown = 0;
    rows.forEach((row, index) => {
      const visible =
        wanted.every((word) => texts[index].includes(word)) &&
        (kind === "" || row.dataset.is.split(" ").includes(kind)) &&
        (check < 0 || row.cells[check].className[0] === "f");
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
