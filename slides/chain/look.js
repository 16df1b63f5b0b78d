// look.js - what look.py asks a page. Each function returns its complaints, a line each.
/* eslint-disable no-unused-vars */

const sheets = () => [...document.querySelectorAll('.sheet')];
const nameOf = (sheet) => `slide ${sheets().indexOf(sheet) + 1} "${sheet.querySelector('h1, h2').textContent}"`;

// The elements of a slide that hold text themselves, and are shown.
function* texts(sheet) {
  const slide = sheet.querySelector('.slide');
  const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.textContent.trim() && !seen.has(element)) {
      seen.add(element);
      yield element;
    }
  }
}

// Slides with something that reaches beyond its box, or into the footer.
function overflowing() {
  const complaints = [];
  for (const sheet of sheets()) {
    const slide = sheet.querySelector('.slide');
    const box = slide.getBoundingClientRect();
    const em = parseFloat(getComputedStyle(slide).fontSize);
    const footer = slide.querySelector('footer');
    const bottom = footer ? footer.getBoundingClientRect().top : box.bottom - em;
    const found = new Set();
    for (const part of slide.querySelectorAll('h1, h2, h3, p, li, td, th, code, pre, .line, figure')) {
      const { left, right, bottom: low, height } = part.getBoundingClientRect();
      const what = `${part.localName} "${part.textContent.trim().slice(0, 30)}"`;
      if (right > box.right - em + 1 || left < box.left + em - 1) found.add(`${what} is too wide`);
      else if (low > bottom + 1) found.add(`${what} reaches ${Math.round(low - bottom)} px too low`);
      else if (part.scrollWidth > part.clientWidth + 2 && /pre|line/.test(part.className + part.localName)) found.add(`${what} is cut`);
      if (part.localName === 'figure' && part.classList.contains('figure') && height < 6 * em) {
        found.add('its figure has hardly any room');
      }
    }
    // Text that overlaps what follows it: boxes of siblings must not meet.
    const blocks = [...slide.querySelectorAll('.content > *, h2, .column > *')].map((e) => [e, e.getBoundingClientRect()]);
    for (const [a, boxA] of blocks) {
      for (const [b, boxB] of blocks) {
        if (a.parentElement === b.parentElement && a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING
            && boxA.bottom > boxB.top + 2 && boxA.right > boxB.left + 2 && boxB.right > boxA.left + 2) {
          found.add(`${a.localName} "${a.textContent.trim().slice(0, 30)}" overlaps ${b.localName}`);
        }
      }
    }
    if (found.size > 0) complaints.push(`${nameOf(sheet)}: ${[...found][0]} (${found.size} in all)`);
  }
  return complaints;
}

// Text that cannot be read from the last row: below 1/60 of the slide's height (the footer
// is for the speaker).
function tiny() {
  const complaints = [];
  for (const sheet of sheets()) {
    const least = innerHeight / 60;
    for (const element of texts(sheet)) {
      if (element.closest('footer, .source, figcaption')) continue;
      let size = parseFloat(getComputedStyle(element).fontSize);
      const svg = element.closest('svg');
      if (svg) size *= svg.getScreenCTM().a;
      if (size < least) {
        complaints.push(`${nameOf(sheet)}: "${element.textContent.trim().slice(0, 30)}" is ${size.toFixed(1)} px high, ${least.toFixed(1)} wanted`);
      }
    }
  }
  return complaints;
}

// Contrast as WCAG 2 defines it.
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
function rgba(colour) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
}
const luminances = new Map();
function luminance(colour) {
  if (!luminances.has(colour)) luminances.set(colour, measured(colour));
  return luminances.get(colour);
}
function measured(colour) {
  const [r, g, b] = rgba(colour).slice(0, 3).map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}
const isSeen = (colour) => colour !== 'none' && rgba(colour)[3] > 0;

// The ground of an element: in a figure its own node's shape, else the first ancestor with one.
function groundOf(element) {
  if (element.closest('svg')) {
    const shape = element.closest('.node')?.querySelector(':scope > :is(path, polygon, ellipse)');
    if (shape && isSeen(getComputedStyle(shape).fill)) return getComputedStyle(shape).fill;
  }
  for (let e = element; e; e = e.parentElement) {
    const ground = getComputedStyle(e).backgroundColor;
    if (isSeen(ground)) return ground;
  }
  return 'white';
}

function faint() {
  const complaints = new Set();
  for (const sheet of sheets()) {
    for (const element of texts(sheet)) {
      const style = getComputedStyle(element);
      const colour = element.closest('svg') ? style.fill : style.color;
      const ratio = contrast(colour, groundOf(element));
      if (ratio < 7) complaints.add(`${nameOf(sheet)}: "${element.textContent.trim().slice(0, 30)}" has a contrast of ${ratio.toFixed(2)}`);
    }
    for (const shape of sheet.querySelectorAll('.figure .node > :is(path, polygon, ellipse), .figure .edge > path')) {
      const { stroke } = getComputedStyle(shape);
      if (stroke === 'none') continue;
      const ratio = contrast(stroke, groundOf(sheet.querySelector('.slide')));
      if (ratio < 3) complaints.add(`${nameOf(sheet)}: an outline has a contrast of ${ratio.toFixed(2)}`);
    }
  }
  return [...complaints];
}

// Whatever the page loaded, or would load, from elsewhere.
function foreign() {
  const loaded = performance.getEntriesByType('resource').map((entry) => entry.name)
    .filter((name) => !name.startsWith('data:'));
  const named = [...document.querySelectorAll('[src], link[href], use[href]')]
    .map((element) => element.getAttribute('src') ?? element.getAttribute('href'))
    .filter((name) => !name.startsWith('data:') && !name.startsWith('#'));
  return [...loaded, ...named].map((name) => `it loads ${name}`);
}
