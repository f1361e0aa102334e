"use strict";
/* Makes the page of a run answer: sorting, finding, plots, and the details of a clip. The page reads without it.
   Text from recordings only ever becomes text: textContent, never innerHTML. */

// ---- Data and small helpers ----

const data = JSON.parse(document.getElementById("data").textContent);
const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];
const value = (column, index) => data.clips[column]?.[index] ?? null;

/** Text that was the same for many clips, such as `settings`. */
function shared(column, index) {
  const { texts, of } = data.clips[column];
  return texts[of[index]] ?? null;
}

function make(tag, { text, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

const numbers = (digits) => new Intl.NumberFormat("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const [whole, tenths, hundredths, fine] = [0, 1, 2, 4].map(numbers);
const show = (number, format) => (number === null || number === undefined ? "–" : format.format(number));
const signed = (number, format) => (number > 0 ? "+" : "") + format.format(number);

function clock(seconds) {
  const all = Math.round(seconds);
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, String(all % 60).padStart(2, "0")];
  return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

function size(bytes) {
  if (bytes === null) return "–";
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return (power ? tenths : whole).format(bytes / 1000 ** power) + " " + ["B", "kB", "MB", "GB", "TB"][power];
}

/** Runs at most once for each painted frame. */
function onceAFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; work(); });
  };
}

// ---- Colours ----

const root = document.documentElement;
const themeButton = find("#theme");
const darkSystem = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ?? (darkSystem.matches ? "dark" : "light")) === "dark";

function useTheme(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  themeButton.textContent = isDark() ? "Light" : "Dark";
  themeButton.setAttribute("aria-label", `Change to ${isDark() ? "light" : "dark"} colours`);
  redrawPlots();
}

/** A colour of the style sheet as a canvas understands it, for the theme in use. */
function colour(name) {
  const probe = make("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

// ---- Plots ----

const plots = new Map(); // canvas → what to draw on it, so that a new theme can draw it again

function draw(canvas, config) {
  Chart.getChart(canvas)?.destroy();
  plots.set(canvas, config);
  new Chart(canvas, config());
}

function redrawPlots() {
  for (const [canvas, config] of plots) if (canvas.isConnected) draw(canvas, config); else plots.delete(canvas);
}

function axis(title, more = {}) {
  const { ticks = {}, grid = {}, ...rest } = more;
  return {
    title: { display: Boolean(title), text: title, color: colour("soft") },
    ticks: { color: colour("soft"), maxRotation: 0, autoSkipPadding: 14, ...ticks },
    grid: { color: colour("line"), ...grid },
    border: { color: colour("line") },
    ...rest,
  };
}

function options(x, y, more = {}) {
  const { plugins = {}, ...rest } = more;
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    locale: "en-GB",
    layout: { padding: { right: 14 } }, // for half of the last mark
    scales: { x, y },
    plugins: {
      legend: { display: false },
      tooltip: { displayColors: false, backgroundColor: colour("ink"), titleColor: colour("page"), bodyColor: colour("page"), padding: 10 },
      ...plugins,
    },
    ...rest,
  };
}

const withLegend = () => ({ legend: { display: true, position: "bottom", labels: { color: colour("ink"), usePointStyle: true, boxHeight: 6, padding: 16 } } });

/** An axis of seconds, marked at round times. */
function timeAxis(title, end) {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200].find((s) => end / s <= 6) ?? 14400;
  const afterBuildTicks = (scale) => { scale.ticks = Array.from({ length: Math.floor(scale.max / step) + 1 }, (_, n) => ({ value: n * step })); };
  return axis(title, { type: "linear", min: 0, max: Math.max(1, end), afterBuildTicks, ticks: { callback: clock, autoSkip: false } });
}

/** How each line looks: dashes and points differ too, not only colours. */
const LOOKS = {
  before: { dash: [5, 4], point: "rect" },
  after: { dash: [], point: "circle" },
  reference: { dash: [2, 3], point: "triangle" },
};

function line(label, look, xs, ys) {
  return {
    label,
    data: xs.map((x, n) => ({ x, y: ys[n] })),
    borderColor: colour(look), backgroundColor: colour(look), borderDash: LOOKS[look].dash, pointStyle: LOOKS[look].point,
    borderWidth: 2, pointRadius: xs.length > 60 ? 0 : 2.5, pointHoverRadius: 5, spanGaps: true, clip: 8,
  };
}

function overTime(lines) {
  return () => ({
    type: "line",
    data: { datasets: lines.map(([label, look, xs, ys]) => line(label, look, xs, ys)) },
    options: options(timeAxis("time in the recording", Math.max(...lines[0][2])), axis(""), {
      interaction: { mode: "nearest", axis: "x", intersect: false },
      plugins: lines.length > 1 ? withLegend() : {},
    }),
  });
}

/** A histogram: bars between their edges, on a scale of numbers. */
function bars(edges, counts) {
  const brief = (edge) => String(Number(edge.toPrecision(5)));
  const scale = { type: "linear", min: edges[0], max: edges.at(-1), offset: false, ticks: { callback: brief, stepSize: edges[1] - edges[0] }, grid: { display: false, offset: false } };
  return () => ({
    type: "bar",
    data: { datasets: [{ data: counts.map((y, n) => ({ x: (edges[n] + edges[n + 1]) / 2, y })), backgroundColor: colour("after"), categoryPercentage: 1, barPercentage: 0.94, borderRadius: 3 }] },
    options: options(axis("", scale), axis("clips", { ticks: { precision: 0 } }), {
      plugins: {
        tooltip: {
          displayColors: false,
          callbacks: { title: ([at]) => `${brief(edges[at.dataIndex])} to ${brief(edges[at.dataIndex + 1])}`, label: (at) => `${at.raw.y} ${at.raw.y === 1 ? "clip" : "clips"}` },
        },
      },
    }),
  });
}

function scatter({ gain, points }) {
  return () => ({
    type: "scatter",
    data: { datasets: [{ data: points.map(([x, y]) => ({ x, y })), backgroundColor: colour("after"), pointRadius: 5, pointHoverRadius: 8 }] },
    options: options(axis("computing time for a minute of video, s"), axis(gain), {
      onClick: (_, hits) => { const clip = hits.length ? points[hits[0].index][2] : null; if (clip !== null) openClip(clip); },
      plugins: { tooltip: { displayColors: false, callbacks: { label: (at) => (points[at.dataIndex][2] === null ? "a clip that is not in the table" : value("clip", points[at.dataIndex][2]).slice(-60)) } } },
    }),
  });
}

const whenSeen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) drawOverview(target);
}, { rootMargin: "300px" });

function drawOverview(canvas) {
  whenSeen.unobserve(canvas);
  if (plots.has(canvas)) return;
  if (canvas.id === "scatter") draw(canvas, scatter(data.scatter));
  else draw(canvas, bars(data.histograms[canvas.dataset.histogram].edges, data.histograms[canvas.dataset.histogram].counts));
}

const overviewPlots = findAll("#distributions canvas");
overviewPlots.forEach((canvas) => whenSeen.observe(canvas));

let themeOnScreen;
addEventListener("beforeprint", () => {
  themeOnScreen = root.dataset.theme;
  overviewPlots.forEach(drawOverview);
  useTheme("light");
});
addEventListener("afterprint", () => useTheme(themeOnScreen));
darkSystem.addEventListener("change", () => useTheme(root.dataset.theme));
themeButton.addEventListener("click", () => useTheme(isDark() ? "light" : "dark"));

// ---- Table: order and choice ----

const body = find("#clips tbody");
const worstFirst = body ? [...body.rows] : [];
const rowOf = new Map(worstFirst.map((row) => [Number(row.dataset.clipIndex), row]));
const names = (data.clips.clip ?? []).map((name) => name.toLowerCase());
const compareText = new Intl.Collator("en", { numeric: true }).compare;

function compare(a, b) {
  return typeof a === "string" ? compareText(a, b) : a - b;
}

/** Sorts the rows; a clip without the figure comes last either way. */
function sortBy(column, direction) {
  const sign = direction === "descending" ? -1 : 1;
  const listed = worstFirst.map((row) => [value(column, Number(row.dataset.clipIndex)), row]);
  listed.sort(([a], [b]) => (a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b)));
  order(listed.map(([, row]) => row), column, direction);
}

function order(rows, column, direction) {
  body.append(...rows);
  for (const head of findAll("#clips thead th")) {
    if (head.dataset.column === column) head.setAttribute("aria-sort", direction);
    else head.removeAttribute("aria-sort");
  }
  find("#worst").hidden = column === null;
}

function choose() {
  const words = find("#filter").value.trim().toLowerCase();
  const statuses = findAll(".chip[aria-pressed='true']").map((chip) => chip.dataset.status);
  let count = 0;
  for (const [index, row] of rowOf) {
    const chosen = names[index].includes(words) && (!statuses.length || statuses.includes(row.dataset.status));
    row.hidden = !chosen;
    count += chosen;
  }
  find("#shown").textContent = `${whole.format(count)} of ${whole.format(names.length)} ${names.length === 1 ? "clip" : "clips"}`;
}

function wireTable() {
  for (const button of findAll("#clips th button[data-sort]")) {
    button.addEventListener("click", () => {
      const up = button.closest("th").getAttribute("aria-sort") === "ascending";
      sortBy(button.dataset.sort, up ? "descending" : "ascending");
    });
  }
  find("#worst").addEventListener("click", () => { order(worstFirst, null); find("#filter").focus(); });
  find("#filter").addEventListener("input", choose);
  for (const chip of findAll(".chip")) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      choose();
    });
  }
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !String(getSelection())) openClip(Number(row.dataset.clipIndex));
  });
}

// ---- Pictures: a divider between two of them, zoom and panning ----

const pan = find("#pan");
const stage = find("#stage");
const slider = find("#slider");
const divider = find("#divider");
const TITLES = { before: "Before", after: "After", reference: "Sharp original" };
const viewer = { preview: null, view: "spot", zoom: 1, pair: "before after" };

const previewOf = (index) => JSON.parse(find(`#preview-${index}`)?.textContent ?? "null");
const picture = (name, view = viewer.view) => viewer.preview.pictures[view === "spot" ? `spot_${name}` : name];
const naturalSize = () => (viewer.view === "spot" ? viewer.preview.spot.slice(2) : wholeSize(viewer.preview));

/** The whole frame is at most 960 pixels wide or high here. Pixels that are not square show once it is loaded. */
function wholeSize({ width, height, loaded }) {
  if (loaded) return loaded;
  const scale = Math.min(1, 960 / Math.max(width, height));
  return [width * scale, height * scale];
}

/** How far the picture must shrink so that zoom 1 shows all of it. */
function fit([width, height]) {
  return Math.min(1, pan.clientWidth / width, roomForPicture() / height);
}

const roomForPicture = () => Math.max(220, Math.min(560, innerHeight - 230));

function startViewer(preview) {
  viewer.preview = preview;
  find("#pictures").hidden = !preview;
  if (!preview) return;
  viewer.pair = "before after";
  slider.value = 50;
  chooseView("spot");
}

function chooseView(view) {
  viewer.view = view;
  if (!picture("reference")) viewer.pair = "before after";
  const [width] = naturalSize();
  const roomy = view === "spot" && 2 * width <= pan.clientWidth && 2 * naturalSize()[1] <= roomForPicture();
  viewer.zoom = roomy ? 2 : 1;
  drawViewer();
  centre(0.5, 0.5);
}

function chooseZoom(zoom) {
  const [x, y] = [(pan.scrollLeft + pan.clientWidth / 2) / stage.offsetWidth, (pan.scrollTop + pan.clientHeight / 2) / stage.offsetHeight];
  viewer.zoom = zoom;
  drawViewer();
  centre(x, y);
}

function centre(x, y) {
  pan.scrollTo(x * stage.offsetWidth - pan.clientWidth / 2, y * stage.offsetHeight - pan.clientHeight / 2);
  drawDivider();
}

function drawViewer() {
  const { preview, view, zoom } = viewer;
  const [left, right] = viewer.pair.split(" ");
  const [width, height] = naturalSize();
  const scale = zoom * fit([width, height]);
  pan.style.height = `${Math.round(frameHeight(preview))}px`;
  stage.style.width = `${Math.round(width * scale)}px`;
  stage.style.height = `${Math.round(height * scale)}px`;
  pan.classList.toggle("zoomed", width * scale > pan.clientWidth + 1 || height * scale > pan.clientHeight + 1);
  for (const [layer, name] of [["#before-layer", left], ["#after-layer", right]]) {
    showPicture(find(layer), name);
    find(layer).classList.toggle("crisp", scale >= 1);
  }
  find(".tag.left").textContent = TITLES[left];
  find(".tag.right").textContent = TITLES[right];
  slider.setAttribute("aria-label", `Divider between ${TITLES[left].toLowerCase()} on the left and ${TITLES[right].toLowerCase()} on the right`);
  markSpot();
  pressButtons();
  find("#picture-note").textContent = pictureNote(scale);
  drawDivider();
}

function showPicture(layer, name) {
  const { preview, view } = viewer;
  if (find("img", layer)?.src === picture(name)) return;
  const alt = `${TITLES[name]}, ${view === "spot" ? "most changed spot" : "whole frame"}`;
  const image = make("img", { src: picture(name), alt, draggable: false });
  image.addEventListener("load", () => {
    const [width, height] = wholeSize(preview);
    if (view === "spot" || Math.abs((image.naturalWidth * height) / (image.naturalHeight * width) - 1) < 0.02) return;
    preview.loaded = [image.naturalWidth, image.naturalHeight];
    if (preview === viewer.preview) drawViewer();
  });
  layer.replaceChildren(image);
}

/** The viewer keeps its height between views and zooms: as high as the higher of the two at its first zoom. */
function frameHeight(preview) {
  const heights = [preview.spot.slice(2), ...(preview.pictures.before ? [wholeSize(preview)] : [])].map((size) => size[1] * fit(size));
  return Math.max(...heights, preview.pictures.before ? 0 : Math.min(2 * heights[0], roomForPicture()));
}

function markSpot() {
  const mark = find("#spot-mark");
  mark.hidden = viewer.view === "spot";
  const { spot: [left, top, width, height], width: all, height: high } = viewer.preview;
  Object.assign(mark.style, {
    left: `${(100 * left) / all}%`, top: `${(100 * top) / high}%`, width: `${(100 * width) / all}%`, height: `${(100 * height) / high}%`,
  });
}

function pressButtons() {
  const pressed = { view: viewer.view, zoom: String(viewer.zoom), pair: viewer.pair };
  for (const [kind, chosen] of Object.entries(pressed)) {
    for (const button of findAll(`#pictures [data-${kind}]`)) button.setAttribute("aria-pressed", String(button.dataset[kind] === chosen));
  }
  find("[data-view='whole']").disabled = !viewer.preview.pictures.before;
  find("#pairs").hidden = !picture("reference");
}

function pictureNote(scale) {
  const { preview, view } = viewer;
  const [width, height] = view === "spot" ? preview.spot.slice(2) : [preview.width, preview.height];
  const what = view === "spot" ? `The ${width} × ${height} pixels that changed most` : `The whole frame, ${width} × ${height} pixels, made smaller; the outline is the spot that changed most`;
  const at = `frame ${whole.format(preview.frame)} at ${clock(preview.time_s)}`;
  const percent = view === "spot" ? `, shown at ${whole.format(100 * scale)} %` : "";
  const missing = preview.pictures.before ? "" : " The whole frame is in report/previews/: it was left out here to keep the page small.";
  return `${what} (${at})${percent}.${missing}`;
}

/** The part of the picture that can be seen, from left to right, in window coordinates. */
function visible() {
  const [inner, outer] = [stage.getBoundingClientRect(), pan.getBoundingClientRect()];
  return { from: Math.max(inner.left, outer.left), to: Math.min(inner.right, outer.left + pan.clientWidth), inner, outer };
}

function drawDivider() {
  const { from, to, inner, outer } = visible();
  const at = from + ((to - from) * slider.value) / 100;
  find("#after-layer").style.clipPath = `inset(0 0 0 ${Math.max(0, at - inner.left)}px)`;
  divider.style.left = `${at - outer.left}px`;
  slider.setAttribute("aria-valuetext", `${slider.value} % ${find(".tag.left").textContent.toLowerCase()}`);
}

function moveDividerTo(x) {
  const { from, to } = visible();
  slider.value = Math.round((100 * (x - from)) / (to - from));
  drawDivider();
}

/** Dragging: the divider always; elsewhere the divider too, or the picture where there is more of it than fits. */
function wireViewer() {
  slider.addEventListener("input", drawDivider);
  pan.addEventListener("scroll", onceAFrame(drawDivider));
  drag(divider, (event) => moveDividerTo(event.clientX));
  let last;
  drag(pan, (event) => {
    if (!pan.classList.contains("zoomed")) moveDividerTo(event.clientX);
    else if (event.pointerType === "mouse") pan.scrollBy({ left: last.x - event.clientX, top: last.y - event.clientY, behavior: "instant" });
    last = { x: event.clientX, y: event.clientY };
  }, (event) => { last = { x: event.clientX, y: event.clientY }; });
  pan.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way || pan.classList.contains("zoomed")) return;
    event.preventDefault();
    slider.value = Number(slider.value) + 2 * way;
    drawDivider();
  });
  for (const button of findAll("#pictures [data-view]")) button.addEventListener("click", () => chooseView(button.dataset.view));
  for (const button of findAll("#pictures [data-zoom]")) button.addEventListener("click", () => chooseZoom(Number(button.dataset.zoom)));
  for (const button of findAll("#pictures [data-pair]")) button.addEventListener("click", () => { viewer.pair = button.dataset.pair; drawViewer(); });
  addEventListener("resize", onceAFrame(() => { if (details.open && viewer.preview) drawViewer(); }));
}

function drag(element, move, start = () => {}) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    element.setPointerCapture(event.pointerId);
    element.classList.add("grabbed");
    start(event);
    if (element === divider || !pan.classList.contains("zoomed")) move(event);
  });
  element.addEventListener("pointermove", (event) => { if (element.hasPointerCapture(event.pointerId)) move(event); });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => element.classList.remove("grabbed"));
}

// ---- Details of a clip ----

const details = find("#details");
let current = null;

function openClip(index) {
  location.hash = `clip-${index}`;
}

/** The address says which clip is open, so that it can be sent to somebody and Back closes it. */
function followAddress() {
  const index = Number(/^#clip-(\d+)$/.exec(location.hash)?.[1] ?? NaN);
  if (!rowOf.has(index)) { if (details.open) closeDetails(); return; }
  if (!details.open) details.showModal();
  if (index !== current) fillDetails(index);
}

/** At once: the dialog's own "close" comes later, when the next clip may have been opened already. */
function closeDetails() {
  details.close();
  leaveAddress();
}

function leaveAddress() {
  if (details.open || current === null) return;
  if (/^#clip-\d+$/.test(location.hash)) history.replaceState(null, "", location.href.split("#")[0]);
  const row = rowOf.get(current);
  current = null;
  plotsOff();
  if (row && !row.hidden) { find(".open", row).focus({ preventScroll: false }); }
}

function plotsOff() {
  for (const canvas of findAll("#details canvas")) { Chart.getChart(canvas)?.destroy(); plots.delete(canvas); }
  find("#plots").replaceChildren();
}

function fillDetails(index) {
  current = index;
  plotsOff();
  find("#details-title bdi").textContent = value("clip", index);
  find("#details-about").replaceChildren(make("span", { className: `status ${value("status", index)}`, text: value("status", index) }), ` ${aboutClip(index)}`);
  fillProblem(index);
  const preview = previewOf(index);
  startViewer(preview);
  find("#no-pictures").hidden = Boolean(preview);
  find("#no-pictures").textContent = pictureAbsence(index);
  find("#figures").replaceChildren(...clipFigures(index).map(([name, text]) => make("div", {}, make("dt", { text: name }), make("dd", { text }))));
  find("#figures").parentElement.hidden = !find("#figures").children.length;
  find("#plots").replaceChildren(...clipPlots(index).map(plotCard));
  find("#made").replaceChildren(...madeCards(index));
  find(".body", details).scrollTop = 0;
  const [before, after] = neighbours();
  find(".previous").disabled = before === undefined;
  find(".next").disabled = after === undefined;
  find("#details-title").focus();
}

function neighbours() {
  const shown = [...body.rows].filter((row) => !row.hidden || Number(row.dataset.clipIndex) === current).map((row) => Number(row.dataset.clipIndex));
  const at = shown.indexOf(current);
  return [shown[at - 1], shown[at + 1]];
}

function aboutClip(index) {
  const parts = [];
  if (value("width", index) !== null) parts.push(`${value("width", index)} × ${value("height", index)}`);
  if (value("duration_s", index) !== null) parts.push(clock(value("duration_s", index)));
  if (value("frames", index) !== null) parts.push(`${whole.format(value("frames", index))} frames`);
  if (value("codec", index) !== null) parts.push(value("encoder", index) ? `${value("codec", index)} → ${value("encoder", index)}` : value("codec", index));
  return parts.length ? `· ${parts.join(" · ")}` : "";
}

function fillProblem(index) {
  const sentences = ["error", "note"].map((name) => value(name, index)).filter((text) => text !== null);
  const card = find("#details-problem");
  const failed = value("status", index) === "failed";
  card.hidden = !sentences.length;
  card.classList.toggle("alarm", failed);
  card.replaceChildren(make("h3", { text: failed ? "It failed" : "Remarks" }), ...sentences.map((text) => make("p", {}, make("bdi", { text }))));
  if (failed) card.append(make("p", { className: "note", text: "Once that is mended, the same command tries this clip again and skips the finished ones." }));
}

function pictureAbsence(index) {
  if (data.pictures[index] === "none") return "The pictures of this clip are in report/previews/: they were left out here to keep the page small.";
  return value("status", index) === "failed" ? "" : "There are no pictures of this clip.";
}

function clipFigures(index) {
  const of = (name) => value(name, index);
  const listed = [];
  const add = (name, text, known) => { if (known !== null) listed.push([name, text]); };
  const change = (before, after, format) => `${show(of(before), format)} → ${show(of(after), format)}`;
  add("SSIM to the original", change("ssim_ref_before", "ssim_ref_after", fine), of("ssim_ref_after"));
  if (of("ssim_ref_after") !== null && of("ssim_ref_before") !== null) add("SSIM gain", signed(of("ssim_ref_after") - of("ssim_ref_before"), fine), 1);
  add("PSNR to the original, dB", change("psnr_ref_before", "psnr_ref_after", hundredths), of("psnr_ref_after"));
  add("SSIM to the input", show(of("ssim_input"), fine), of("ssim_input"));
  add("PSNR to the input, dB", show(of("psnr_input"), hundredths), of("psnr_input"));
  add("Sharpness", change("sharpness_before", "sharpness_after", tenths), of("sharpness_after"));
  add("Flicker", change("flicker_before", "flicker_after", hundredths) + (of("flicker_ref") === null ? "" : ` (original ${hundredths.format(of("flicker_ref"))})`), of("flicker_after"));
  add("Frames measured", show(of("measured"), whole), of("measured"));
  add("Frames lost", show(of("frames_lost"), whole), of("frames_lost"));
  add("Speed, fps", show(of("fps"), tenths), of("fps"));
  add("Size of the file", `${size(of("bytes_in"))} → ${size(of("bytes_out"))}`, of("bytes_out"));
  return listed;
}

// ---- Plots of a clip ----

/** What a plot card needs: title, note, a sentence for those who do not see it, the drawing, and its data as columns. */
function clipPlots(index) {
  const frames = data.frames[index];
  const chunks = data.chunks[index];
  const listed = [];
  const timed = (title, unit, lines) => {
    const known = lines.filter(([, , column]) => frames[column]);
    if (!known.length || !frames.time_s) return;
    const drawn = known.map(([label, look, column]) => [label, look, frames.time_s, frames[column]]);
    const note = frames.size > 1 ? `${unit} · each point is the mean of ${frames.size} measured frames (binned from ${whole.format(frames.frames)})` : `${unit} · ${whole.format(frames.frames)} measured frames`;
    const columns = { "time, s": frames.time_s, ...Object.fromEntries(known.map(([label, , column]) => [label, frames[column]])) };
    listed.push({ title, note, sentence: drawn.map(([label, , , ys]) => range(label, ys)).join(" "), config: overTime(drawn), columns });
  };
  timed("SSIM to the original over time", "1 is equal to the sharp original", [["before", "before", "ssim_ref_before"], ["after", "after", "ssim_ref_after"]]);
  timed("SSIM to the input over time", "how far the student moved the picture", [["output against input", "after", "ssim_input"]]);
  timed("Sharpness over time", "variance of the Laplacian", [["before", "before", "sharpness_before"], ["after", "after", "sharpness_after"]]);
  timed("Change from frame to frame", "mean |xₜ − xₜ₋₁| of luma; more than before means flicker", [["before", "before", "change_before"], ["after", "after", "change_after"], ["original", "reference", "change_ref"]]);
  listed.push(...[chunkPlot(chunks), stagePlot(index)].filter(Boolean));
  return listed;
}

function range(label, ys) {
  const known = ys.filter((y) => y !== null);
  if (!known.length) return "";
  const mean = known.reduce((sum, y) => sum + y, 0) / known.length;
  const [low, high, middle] = [Math.min(...known), Math.max(...known), mean].map((y) => Number(y.toPrecision(4)));
  return `${label}: ${known.length} points from ${low} to ${high}, mean ${middle}.`;
}

function chunkPlot(chunks) {
  if (!chunks.offset_s) return null;
  const workers = (chunks.actor ?? chunks.offset_s.map(() => null)).map((actor, n) => actor ?? chunks.node?.[n] ?? "worker");
  const kind = (n) => (chunks.retries?.[n] ? "tried again" : chunks.reused?.[n] ? "earlier run" : "this run");
  const shades = { "this run": "after", "earlier run": "before", "tried again": "warn" };
  const kinds = Object.keys(shades).filter((name) => chunks.offset_s.some((_, n) => kind(n) === name));
  const labels = [...new Set(workers)].sort(compareText);
  const config = () => ({
    type: "bar",
    data: {
      labels: labels.map((label) => label.slice(0, 24)),
      datasets: kinds.map((name) => ({
        label: name, grouped: false, backgroundColor: colour(shades[name]), borderColor: colour("card"), borderWidth: 1, borderSkipped: false, barPercentage: 0.7,
        data: chunks.offset_s.flatMap((from, n) => (kind(n) === name ? [{ x: [from, from + chunks.wall_s[n]], y: labels[labels.indexOf(workers[n])].slice(0, 24), n }] : [])),
      })),
    },
    options: options(timeAxis("time since the first chunk began", Math.max(...chunks.offset_s.map((from, n) => from + chunks.wall_s[n]))), axis("", { grid: { display: false } }), {
      indexAxis: "y",
      plugins: {
        ...(kinds.length > 1 ? withLegend() : {}),
        tooltip: { displayColors: false, callbacks: { title: () => "", label: ({ raw }) => `chunk ${chunks.chunk[raw.n]}: ${whole.format(chunks.frames?.[raw.n] ?? 0)} frames in ${tenths.format(chunks.wall_s[raw.n])} s` } },
      },
    }),
  });
  const pauses = chunks.pauses_s >= 1 ? ` · pauses of ${clock(chunks.pauses_s)} left out` : "";
  const columns = { chunk: chunks.chunk, worker: workers, "begin, s": chunks.offset_s, "took, s": chunks.wall_s, frames: chunks.frames, lost: chunks.frames_lost, "decode, s": chunks.decode_s, "student, s": chunks.model_s, "measure, s": chunks.measure_s, "encode, s": chunks.encode_s, "wait, s": chunks.wait_s, retries: chunks.retries, errors: chunks.errors };
  return {
    title: "Chunks by worker", note: `each bar is a chunk in work${pauses}`,
    sentence: `${chunks.chunk.length} chunks on ${labels.length} workers.`, config, columns, height: Math.max(150, 96 + 40 * labels.length),
  };
}

const STAGES = { decode_s: "Decode", model_s: "Student", measure_s: "Measure", encode_s: "Encode", mux_s: "Join and check" };

function stagePlot(index) {
  const known = Object.keys(STAGES).filter((name) => value(name, index) !== null);
  if (!known.length) return null;
  const [labels, seconds] = [known.map((name) => STAGES[name]), known.map((name) => value(name, index))];
  const config = () => ({
    type: "bar",
    data: { labels, datasets: [{ data: seconds, backgroundColor: colour("after"), borderRadius: 3, barPercentage: 0.7 }] },
    options: options(axis("seconds"), axis("", { grid: { display: false } }), { indexAxis: "y" }),
  });
  return {
    title: "Time by stage", note: "decode, student and encode run side by side, so these add up to more than the clock's time",
    sentence: `${labels.map((label, n) => `${label} ${tenths.format(seconds[n])} s`).join(", ")}.`, config, columns: { stage: labels, seconds }, height: 220,
  };
}

function plotCard({ title, note, sentence, config, columns, height = 220 }) {
  const canvas = make("canvas");
  const holder = make("div", { className: "canvas" }, canvas);
  holder.setAttribute("role", "img");
  holder.setAttribute("aria-label", `${title}. ${sentence}`);
  holder.style.height = `${height}px`;
  requestAnimationFrame(() => { if (canvas.isConnected) draw(canvas, config); });
  const more = make("details", {}, make("summary", { text: "As a table" }));
  more.addEventListener("toggle", () => { if (more.children.length === 1) more.append(columnTable(columns)); }, { once: true });
  return make("figure", { className: "card plot" }, make("figcaption", {}, make("h3", { text: title }), make("p", { className: "note", text: note })), holder, more);
}

function columnTable(columns) {
  const known = Object.entries(columns).filter(([, values]) => values);
  const length = known[0][1].length;
  const cell = (item) => (item === null ? "–" : typeof item === "number" ? String(Number(item.toPrecision(5))) : String(item));
  const head = make("tr", {}, ...known.map(([name]) => make("th", { text: name, scope: "col" })));
  const lines = Array.from({ length }, (_, n) => make("tr", {}, ...known.map(([, values]) => make("td", { text: cell(values[n]) }))));
  const holder = make("div", { tabIndex: 0 }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines)));
  holder.setAttribute("role", "region");
  holder.setAttribute("aria-label", "Data of the plot");
  return holder;
}

// ---- How a clip was made ----

function madeCards(index) {
  const of = (name) => value(name, index);
  const file = {
    Output: of("out"), Container: of("container"), "Pixel format": of("pix_fmt"), Rotation: of("rotation"), "Source frame rate": of("source_fps"),
    "Audio streams": of("audio_streams"), "Size before": of("bytes_in") === null ? null : size(of("bytes_in")), "Size after": of("bytes_out") === null ? null : size(of("bytes_out")),
  };
  const work = {
    Model: of("model"), Look: lookName(of("look")), Strength: of("strength"), Chroma: of("chroma"), Device: of("device"), "Wall time": of("wall_s") === null ? null : clock(of("wall_s")),
    "Student alone, fps": of("model_fps") === null ? null : tenths.format(of("model_fps")), Chunks: of("chunks"),
    "Copied from the frame before": of("reused_share") === null ? null : `${whole.format(100 * of("reused_share"))} %`, "Tried again": of("retries"), Finished: of("finished_at")?.replace("T", " ").replace("+00:00", " UTC"),
  };
  const listed = { File: file, Work: work, Settings: parsed(shared("settings", index)), Versions: parsed(shared("versions", index)) };
  return Object.entries(listed).map(([title, facts]) => factCard(title, facts)).filter(Boolean);
}

/** `natural` at 0, `crisp` at 1, the number between. */
function lookName(look) {
  return { 0: "natural", 1: "crisp" }[look] ?? look;
}

/** The JSON object that a text holds; a text that holds none is shown as it is. */
function parsed(text) {
  if (text === null) return {};
  try {
    const found = JSON.parse(text);
    if (found && typeof found === "object") return found;
  } catch { /* shown as it is */ }
  return { as: text };
}

function factCard(title, facts) {
  const known = Object.entries(facts).filter(([, fact]) => fact !== null && fact !== undefined);
  if (!known.length) return null;
  const plain = (fact) => (typeof fact === "object" ? JSON.stringify(fact) : String(fact));
  const lines = known.map(([name, fact]) => make("div", {}, make("dt", { text: name }), make("dd", {}, make("bdi", { text: plain(fact) }))));
  return make("div", { className: "card facts" }, make("h3", { text: title }), make("dl", {}, ...lines));
}

function wireDetails() {
  details.addEventListener("close", leaveAddress);
  details.addEventListener("cancel", (event) => { event.preventDefault(); closeDetails(); });
  details.addEventListener("click", (event) => { if (event.target === details) closeDetails(); });
  find(".close", details).addEventListener("click", closeDetails);
  find(".previous", details).addEventListener("click", () => openClip(neighbours()[0]));
  find(".next", details).addEventListener("click", () => openClip(neighbours()[1]));
  for (const button of findAll("[data-open]")) button.addEventListener("click", () => openClip(Number(button.dataset.open)));
  addEventListener("hashchange", followAddress);
}

// ---- A typical clip on the first screen ----

function showExample() {
  const preview = data.example === null ? null : previewOf(data.example);
  if (!preview) return;
  const shown = ["before", "after", "reference"].filter((name) => preview.pictures[`spot_${name}`]);
  find("#example .strip").replaceChildren(...shown.map((name) => make(
    "figure", {},
    make("figcaption", { text: TITLES[name] }),
    make("img", { src: preview.pictures[`spot_${name}`], alt: `${TITLES[name]}: the spot that changed most`, width: preview.spot[2], height: preview.spot[3] }),
  )));
  const choice = names.length > 1 ? ", the one of the median gain" : "";
  find("#example-note").replaceChildren("The spot that the student changed most in ", make("bdi", { text: value("clip", data.example) }), `${choice}.`);
  find("#example-open").addEventListener("click", () => openClip(data.example));
  find("#example").hidden = false;
}

useTheme(null);
if (body) {
  wireTable();
  wireViewer();
  wireDetails();
  showExample();
  followAddress();
}
