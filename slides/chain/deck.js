// deck.js - turns the page of slides into a presentation. Without it, the page can still
// be read from top to bottom.
(() => {
  const query = new URLSearchParams(location.search);
  const root = document.documentElement;
  const body = document.body;
  const sheets = [...document.querySelectorAll('.sheet')];
  const minutes = sheets.map((sheet) => Number(sheet.dataset.minutes));
  const isSpeaker = query.has('speaker');
  // The other window: the speaker's, or the one that opened it.
  let peer = isSpeaker ? window.opener : null;
  let current = 0;

  const make = (html) => body.appendChild(
    Object.assign(document.createElement('template'), { innerHTML: html.trim() }).content.firstChild);
  const progress = make('<div id="progress"></div>');
  const spoken = make('<div id="spoken" aria-live="polite"></div>');

  // --- where we are ---

  const isOverview = () => body.classList.contains('overview');

  function go(number, told) {
    current = Math.max(0, Math.min(sheets.length - 1, number));
    sheets.forEach((sheet, i) => {
      sheet.classList.toggle('now', i === current);
      sheet.classList.toggle('next', i === current + 1);
      sheet.inert = i !== current && !isOverview();
    });
    progress.style.width = `${100 * (current + 1) / sheets.length}%`;
    history.replaceState(null, '', `#${current + 1}`);
    const heading = sheets[current].querySelector('h1, h2').textContent;
    spoken.textContent = `${current + 1} of ${sheets.length}: ${heading}`;
    if (!told) tell();
  }

  // "#7" is the seventh slide; "#some-heading" the slide with this heading.
  function goToHash() {
    const name = decodeURIComponent(location.hash.slice(1));
    const named = name && document.getElementById(name);
    const number = named ? sheets.indexOf(named.closest('.sheet')) : parseInt(name, 10) - 1;
    go(number >= 0 ? number : 0);
  }

  // --- two windows: each tells the other where it is ---

  function tell() {
    const state = { shmlab: true, slide: current, black: body.classList.contains('black') };
    if (peer && !peer.closed) peer.postMessage(state, '*');
  }

  addEventListener('message', (event) => {
    if (!event.data || event.data.shmlab !== true) return;
    if (isSpeaker ? event.source !== peer : !event.source) return;
    peer = event.source; // the window that was opened finds us again after a reload
    body.classList.toggle('black', event.data.black === true && !isSpeaker);
    if (Number.isInteger(event.data.slide)) go(event.data.slide, true);
  });

  // --- what the keys do ---

  function setOverview(on) {
    body.classList.toggle('overview', on);
    go(current);
    if (on) sheets[current].scrollIntoView({ block: 'center' });
  }

  function setTheme(theme) {
    root.dataset.theme = theme;
  }

  const prefersDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : prefersDark);

  function setBlack(on) {
    body.classList.toggle('black', on);
    tell();
  }

  function openSpeaker() {
    const address = location.href.replace(/[?#].*/, '');
    peer = open(`${address}?speaker#${current + 1}`, 'speaker', 'width=1280,height=860');
  }

  const toggleFullScreen = () => (
    document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen());

  // The size of the paper depends on what is printed.
  const paper = document.head.appendChild(document.createElement('style'));
  function setPaper(handout) {
    root.classList.toggle('handout', handout);
    paper.textContent = handout
      ? '@page { size: A4; margin: 14mm 16mm }' : '@page { size: 338.6mm 190.5mm; margin: 0 }';
  }

  function printAs(handout) {
    setPaper(handout);
    print();
  }

  const forward = () => go(current + 1);
  const back = () => go(current - 1);
  // Names as in KeyboardEvent.key; the first one of each row stands in the help.
  const commands = [
    [['→', 'ArrowRight', 'ArrowDown', 'PageDown', ' '], 'next slide', forward],
    [['←', 'ArrowLeft', 'ArrowUp', 'PageUp', 'Backspace'], 'previous slide', back],
    [['Home'], 'first slide', () => go(0)],
    [['End'], 'last slide', () => go(sheets.length - 1)],
    [['12 Enter'], 'go to slide 12', null],
    [['o', 'Escape'], 'overview', () => setOverview(!isOverview())],
    [['s'], 'speaker window: notes, next slide, clock', openSpeaker],
    [['b', '.'], 'black screen', () => setBlack(!body.classList.contains('black'))],
    [['f'], 'full screen', toggleFullScreen],
    [['d'], 'dark or light', () => setTheme(isDark() ? 'light' : 'dark')],
    [['p'], 'print the slides', () => printAs(false)],
    [['h'], 'print a handout with notes', () => printAs(true)],
    [['?'], 'this help', () => help.showModal()],
  ];
  const byKey = new Map(commands.flatMap(([keys, , run]) => keys.map((key) => [key, run])));

  const help = make(`<dialog id="help" aria-label="Keys"><form method="dialog"><table>${
    commands.map(([keys, words]) => `<tr><td><kbd>${keys[0]}</kbd></td><td>${words}</td></tr>`).join('')
  }</table><button>Close</button></form></dialog>`);

  let digits = '';
  function onEnter() {
    if (digits) go(Number(digits) - 1);
    else if (isOverview()) setOverview(false);
    else forward();
  }

  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.closest('button') && (event.key === ' ' || event.key === 'Enter')) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (/^\d$/.test(key)) {
      digits += key;
      return;
    }
    const run = key === 'Enter' ? onEnter : byKey.get(key);
    if (run) {
      event.preventDefault();
      run();
    }
    digits = '';
  });

  // --- mouse and touch ---

  sheets.forEach((sheet, i) => sheet.addEventListener('click', () => {
    if (!isOverview()) return;
    current = i;
    setOverview(false);
  }));

  let touchedAt = 0;
  addEventListener('touchstart', (event) => { touchedAt = event.touches[0].clientX; }, { passive: true });
  addEventListener('touchend', (event) => {
    const moved = event.changedTouches[0].clientX - touchedAt;
    if (Math.abs(moved) > 50 && !isOverview()) (moved < 0 ? forward : back)();
  });

  const controls = make('<nav id="controls" aria-label="Presentation"></nav>');
  const buttons = [['←', 'previous slide', '←'], ['→', 'next slide', '→'], ['▦', 'overview', 'o'],
    ['◐', 'dark or light', 'd'], ['?', 'all keys', '?']];
  for (const [sign, words, key] of buttons) {
    const button = document.createElement('button');
    Object.assign(button, { textContent: sign, title: words, ariaLabel: words });
    button.addEventListener('click', () => byKey.get(key)());
    controls.append(button);
  }
  let sleep;
  addEventListener('pointermove', () => {
    body.classList.add('awake');
    clearTimeout(sleep);
    sleep = setTimeout(() => body.classList.remove('awake'), 2000);
  });

  // --- the speaker's clock ---

  function startClock() {
    const timer = make(`<section id="timer" aria-label="Clock"><div class="clock"></div><p class="plan"></p>
      <button class="pause">pause</button> <button class="reset">start again</button></section>`);
    const clock = timer.querySelector('.clock');
    const plan = timer.querySelector('.plan');
    const pause = timer.querySelector('.pause');
    let before = 0; // milliseconds counted before the last pause
    let since = Date.now(); // null while paused
    const elapsed = () => before + (since === null ? 0 : Date.now() - since);
    const sum = (to) => minutes.slice(0, to).reduce((a, b) => a + b, 0);
    const shown = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
    function draw() {
      clock.textContent = shown(elapsed() / 1000);
      plan.textContent = `Slide ${current + 1} of ${sheets.length}. Planned: until ${
        shown(60 * sum(current + 1))}, in all ${shown(60 * sum(sheets.length))}.`;
    }
    pause.addEventListener('click', () => {
      before = elapsed();
      since = since === null ? Date.now() : null;
      pause.textContent = since === null ? 'go on' : 'pause';
    });
    timer.querySelector('.reset').addEventListener('click', () => {
      before = 0;
      since = since === null ? null : Date.now();
    });
    setInterval(draw, 250);
    draw();
  }

  root.classList.add('deck');
  if (query.has('theme')) setTheme(query.get('theme'));
  setPaper(query.get('print') === 'handout');
  if (isSpeaker) {
    body.classList.add('speaker');
    startClock();
  }
  addEventListener('hashchange', goToHash);
  goToHash();
})();
