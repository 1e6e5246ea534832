/* SPDX-License-Identifier: BSD-3-Clause */
/* Draws the page from the data that report_write() put into it. Memory is MiB here, time is s since the run's
 * first tick; what is unknown is NaN or null, and leaves a gap. Texts of others become text nodes only. */
"use strict";

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const runs = data.runs;
  const LIMITS = { static: "memory is divided once", oracle: "each guest holds just what it wants" };

  const get = (id) => document.getElementById(id);

  /* ---- small things for text */

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  const plural = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;
  const baseName = (path) => path.replace(/^sim:/, "").replace(/^.*\//s, "");

  function memoryText(mib) {
    if (mib >= 10 * 1024 * 1024) return `${(mib / 1024 / 1024).toFixed(2)} TiB`;
    if (mib >= 10 * 1024) return `${(mib / 1024).toFixed(2)} GiB`;
    return `${mib < 100 ? mib.toFixed(1) : mib.toFixed(0)} MiB`;
  }

  const TIME_UNITS = [
    { name: "s", seconds: 1, upTo: 180, steps: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60] },
    { name: "min", seconds: 60, upTo: 3 * 3600, steps: [0.5, 1, 2, 5, 10, 20, 30, 60] },
    { name: "h", seconds: 3600, upTo: 3 * 86400, steps: [0.5, 1, 2, 3, 4, 6, 12, 24] },
    { name: "d", seconds: 86400, upTo: Infinity, steps: [0.5, 1, 2, 5, 7, 14, 28, 91, 182, 365] },
  ];

  const timeUnit = (most) => TIME_UNITS.find((unit) => most <= unit.upTo);
  const trimmed = (value, decimals) => String(Number(value.toFixed(decimals)));

  function timeText(seconds, most = seconds) {
    const unit = timeUnit(most);
    return `${trimmed(seconds / unit.seconds, 1)} ${unit.name}`;
  }

  const two = (n) => String(n).padStart(2, "0");

  function clockText(unixMs, withDate, withSeconds) {
    const at = new Date(unixMs);
    const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
    return `${withDate ? `${date} ` : ""}${time}${withSeconds ? `:${two(at.getSeconds())}` : ""}`;
  }

  const beganText = (run) =>
    run.started_unix_ms === null ? null : clockText(run.started_unix_ms, true, true);

  /* ---- series: see pack.h */

  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const digitOf = Object.fromEntries([...DIGITS].map((digit, value) => [digit, value]));

  function readNumber(reader) {
    let value = 0;
    for (let scale = 1; ; scale *= 32) {
      const digit = digitOf[reader.text[reader.at++]];
      value += (digit % 32) * scale;
      if (digit < 32) return value;
    }
  }

  function readDifference(reader) {
    if (reader.text[reader.at] === ".") {
      reader.at++;
      return NaN;
    }
    const number = readNumber(reader);
    return number % 2 ? -(number + 1) / 2 : number / 2;
  }

  function unpack(text) {
    const reader = { text, at: 0 };
    const unit = readNumber(reader);
    const values = [];
    for (let last = 0, difference = NaN; reader.at < text.length; ) {
      let times = 1;
      if (text[reader.at] === "*") {
        reader.at++;
        times = readNumber(reader);
      } else {
        difference = readDifference(reader);
      }
      for (; times > 0; times--) {
        if (!Number.isNaN(difference)) last += difference;
        values.push(Number.isNaN(difference) ? NaN : last * unit);
      }
    }
    return values;
  }

  /* When no tick came for so long, nothing is known of the time between. */
  const gapSeconds = (run) => Math.max((5 * run.interval_ms) / 1000, (3 * run.duration_ms) / 1000 / 600);

  /* {x: s, y: MiB} of a series that has one value for each time, or one for each bucket. */
  function points(run, packed) {
    const values = unpack(packed);
    const each = run.seconds.length / Math.max(1, values.length);
    const made = [];
    let last = null;
    run.seconds.forEach((x, i) => {
      const y = values[Math.floor(i / each)] / 1024;
      if (last && x - last.x > run.gap) made.push({ x: (x + last.x) / 2, y: NaN });
      if (last && x === last.x && (y === last.y || Number.isNaN(y))) return;
      made.push((last = { x, y }));
    });
    return made;
  }

  const largest = (series) => series.reduce((most, point) => (point.y > most ? point.y : most), 0);
  const isKnown = (series) => series.some((point) => !Number.isNaN(point.y));

  /* ---- runs */

  function groupBy(list, keyOf) {
    const groups = new Map();
    for (const item of list) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
    return groups;
  }

  const isSimulated = (run) => run.host?.startsWith("sim:") ?? false;
  const variantOf = (run) => run.variant ?? run.policy ?? "run";
  const scenarioOf = (run) => run.scenario ?? (isSimulated(run) ? run.host : null);
  const setOf = (run) => JSON.stringify([scenarioOf(run), run.seed]);

  /* What stands side by side: all runs; or those of one scenario and seed where variants have several. */
  function makeSets() {
    const variants = [...groupBy(runs, variantOf).values()];
    const isRepeated = variants.some((group) => new Set(group.map(setOf)).size > 1);
    return isRepeated ? [...groupBy(runs, setOf).values()] : [runs];
  }

  const sets = makeSets();
  const hasScenarios = sets.length > 1 && new Set(runs.map(scenarioOf)).size > 1;

  /* What a set's runs are called: the variant or policy, and as much more as it takes to tell them apart. */
  function nameRuns(set) {
    const details = [
      (run) => run.scenario && baseName(run.scenario),
      (run) => run.policy,
      (run) => run.seed && `seed ${run.seed}`,
      beganText,
      (run) => baseName(run.file),
      (run) => `run ${run.run}`,
      (run) => run.file,
    ];
    for (const run of set) run.label = variantOf(run);
    for (const detail of details) {
      for (const group of groupBy(set, (run) => run.label).values()) {
        if (new Set(group.map(detail)).size < 2) continue;
        for (const run of group) run.label += detail(run) ? `, ${detail(run)}` : "";
      }
    }
  }

  const limitOf = (run) => [run.policy, run.variant].find((name) => name !== null && Object.hasOwn(LIMITS, name));

  function prepareRuns() {
    sets.forEach(nameRuns);
    for (const run of runs) {
      run.gap = gapSeconds(run);
      run.seconds = unpack(run.times).map((ms) => ms / 1000);
      run.byName = new Map(run.domains.map((domain) => [domain.name, domain]));
    }
  }

  const distinct = (list) => [...new Set(list)];
  const namesOf = (list) => distinct(list.flatMap((run) => run.domains.map((domain) => domain.name)));

  /* The set that is shown, and what follows from it. */
  const view = {};

  function lookAt(set) {
    const [anySimulated, anyReal] = [set.some((run) => run.simulated), set.some((run) => !run.simulated)];
    const top = distinct(set.flatMap((run) => run.top));
    const domainNames = namesOf(set).sort(new Intl.Collator("en", { numeric: true }).compare);
    const needName = anySimulated ? (anyReal ? "demand (real hosts: used)" : "demand") : "used";
    const othersCount = domainNames.length - top.length;
    const others = plural(othersCount, "other");
    Object.assign(view, { runs: set, anySimulated, anyReal, needName, top, domainNames, othersCount, others });
    shareTimeAxis();
  }

  /* ---- variants: what differs by the seed alone is scored by its mean */

  /* Of those that are known; rounded as score_format() does. */
  function meanScore(group, column, index) {
    const known = group.map((run) => run.scores[index]).filter((score) => score !== null);
    if (known.length < 2) return known[0] ?? null;
    const mean = Math.round(known.reduce((sum, [raw]) => sum + raw, 0) / known.length);
    const ten = 10 ** column.decimals;
    return [mean, (Math.floor((mean * ten) / column.per_unit + 0.5) / ten).toFixed(column.decimals)];
  }

  function makeVariant(group) {
    return {
      name: group[0].label,
      runs: group,
      scenario: scenarioOf(group[0]),
      limit: limitOf(group[0]),
      scores: data.columns.map((column, index) => meanScore(group, column, index)),
    };
  }

  let variants = [];

  function makeVariants() {
    const groups = groupBy(runs, (run) => JSON.stringify([sets.length > 1 && scenarioOf(run), run.label]));
    variants = [...groups.values()].map(makeVariant);
  }

  /* Those of the scenario that is shown. */
  const variantsShown = () =>
    sets.length > 1 ? variants.filter((variant) => variant.scenario === scenarioOf(view.runs[0])) : variants;

  /* ---- tables */

  function cell(text, className = "text") {
    if (text === null || text === undefined) return element("td", { className: "unknown" }, "unknown");
    return element("td", { className }, String(text));
  }

  function fillTable(id, headings, rows) {
    const heads = headings.map((heading) => element("th", { scope: "col" }, heading));
    get(id).replaceChildren(
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells))),
    );
  }

  const rowHead = (text) => element("th", { scope: "row" }, text);

  function remarks(run) {
    const found = [];
    if (limitOf(run)) found.push(`a limit: ${LIMITS[limitOf(run)]}`);
    if (run.dry_run) found.push("dry run: nothing was changed");
    if (run.policy_errors > 0) found.push(`the policy failed ${plural(run.policy_errors, "time")}`);
    return found.join("; ");
  }

  const RUN_COLUMNS = [
    ["policy", (run) => run.policy],
    ["host", (run) => (isSimulated(run) ? (runs.every(isSimulated) ? null : "simulated") : run.host)],
    ["scenario", (run) => scenarioOf(run) && baseName(scenarioOf(run))],
    ["seed", (run) => run.seed],
    ["began", beganText],
    ["lasted", (run) => timeText(run.duration_ms / 1000)],
    ["ticks", (run) => run.ticks],
    ["interval", (run) => timeText(run.interval_ms / 1000)],
    ["domains at once", (run) => run.most_domains],
    ["recording", (run) => baseName(run.file)],
    ["remarks", remarks],
  ];

  function joined(values) {
    const different = distinct(values);
    if (different.includes(null)) return null;
    const text = different.join(",\u00a0");
    return different.length > 1 && text.length > 30 ? `${different.length} different` : text;
  }

  function countText() {
    const counts = [plural(runs.length, "run")];
    if (sets.length > 1) counts.push(plural(distinct(variants.map((variant) => variant.name)).length, "variant"));
    if (hasScenarios) counts.push(plural(distinct(runs.map(scenarioOf)).length, "scenario"));
    return `${[...counts, plural(namesOf(runs).length, "domain")].join(", ")}.`;
  }

  function showRuns() {
    const columns = RUN_COLUMNS.filter(([, valueOf]) => runs.some((run) => valueOf(run)));
    fillTable(
      "runs-table",
      ["run", ...columns.map(([title]) => title)],
      variantsShown().map((variant) => [
        rowHead(variant.name),
        ...columns.map(([, valueOf]) => cell(joined(variant.runs.map(valueOf)))),
      ]),
    );
  }

  function showLead() {
    get("lead").textContent = countText();
    get("version").textContent = `memcoord ${data.version}`;
  }

  /* ---- scores */

  const sorting = { column: null, descending: false };
  const rawScore = (scored, column) => scored.scores[column]?.[0] ?? null;
  const shownColumns = data.columns
    .map((column, index) => ({ ...column, index }))
    .filter(({ index }) => runs.some((run) => run.scores[index] !== null));

  /* Among what could be chosen: limits are there to compare with. */
  function isBest(variant, { index, more_is_better: more }) {
    const rivals = variantsShown().filter((other) => !other.limit);
    const known = rivals.map((other) => rawScore(other, index)).filter((value) => value !== null);
    if (variant.limit || new Set(known).size < 2) return false;
    return rawScore(variant, index) === (more ? Math.max(...known) : Math.min(...known));
  }

  function sortedVariants() {
    if (sorting.column === null) return variantsShown();
    const sign = sorting.descending ? -1 : 1;
    const valueOf = (variant) => rawScore(variant, sorting.column);
    return [...variantsShown()].sort((a, b) => {
      if (valueOf(a) === null || valueOf(b) === null) return (valueOf(a) === null) - (valueOf(b) === null);
      return sign * (valueOf(a) - valueOf(b));
    });
  }

  function sortBy(column) {
    if (sorting.column === column.index) sorting.descending = !sorting.descending;
    else Object.assign(sorting, { column: column.index, descending: column.more_is_better });
    showScores();
  }

  function scoreHead(column) {
    const button = element("button", { type: "button", title: column.help }, column.title);
    const head = element("th", { scope: "col", className: "number" }, button);
    head.append(element("span", { className: "unit" }, column.unit || "\u00a0"));
    button.addEventListener("click", () => sortBy(column));
    if (sorting.column === column.index)
      head.setAttribute("aria-sort", sorting.descending ? "descending" : "ascending");
    return head;
  }

  function scoreCell(variant, column) {
    const score = variant.scores[column.index];
    if (score === null) return element("td", { className: "number unknown" }, "unknown");
    return element("td", { className: isBest(variant, column) ? "number best" : "number" }, score[1]);
  }

  function showScores() {
    const heads = [element("th", { scope: "col" }, "run"), ...shownColumns.map(scoreHead)];
    const rows = sortedVariants().map((variant) =>
      element("tr", {}, rowHead(variant.name), ...shownColumns.map((column) => scoreCell(variant, column))),
    );
    get("scores-table").replaceChildren(
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows),
    );
  }

  function showScoreNote() {
    const seeds = Math.max(...variants.map((variant) => variant.runs.length));
    get("scores-mean").textContent = seeds > 1 ? `Means of ${seeds} seeds.` : "";
    get("scores-note").hidden = variants.length < 2;
  }

  function showScoreHelp() {
    const unit = (column) => (column.unit ? ` (${column.unit})` : "");
    const better = (column) => (column.more_is_better ? "more is better" : "less is better");
    const isShown = new Set(shownColumns.map((column) => column.key));
    const remark = (column) => (isShown.has(column.key) ? better(column) : "unknown in all these runs");
    const rows = data.columns.map((column) =>
      element(
        "div",
        {},
        element("dt", {}, column.title + unit(column)),
        element("dd", {}, `${column.help}; ${remark(column)}`),
      ),
    );
    document.querySelector("#scores-help dl").replaceChildren(...rows);
  }

  /* ---- what differs */

  /* Map of "[section] key" -> value. */
  function readIni(text) {
    const values = new Map();
    let section = "";
    for (const line of (text ?? "").split("\n").map((raw) => raw.replace(/(^|\s);.*$/, "").trim())) {
      const at = line.indexOf("=");
      if (line.startsWith("[") && line.endsWith("]")) section = line;
      else if (line && !line.startsWith("#") && at > 0)
        values.set(`${section} ${line.slice(0, at).trim()}`, line.slice(at + 1).trim());
    }
    return values;
  }

  function settingsOf(run) {
    const values = readIni(run.settings);
    for (const key of ["host", "scenario"]) if (run[key]) values.set(key, run[key]);
    return values;
  }

  function settingCell(value) {
    if (value === undefined) return element("td", { className: "unknown" }, "not set");
    return element("td", { className: "text" }, element("code", {}, value));
  }

  function showDifferences() {
    const groups = view.runs.map((run) => ({ label: run.label, values: settingsOf(run) }));
    const keys = [...new Set(groups.flatMap((group) => [...group.values.keys()]))];
    const differing = keys.filter((key) => new Set(groups.map((group) => group.values.get(key))).size > 1);
    get("differences-table").hidden = differing.length === 0;
    if (differing.length > 0)
      fillTable(
        "differences-table",
        ["key", ...groups.map((group) => group.label)],
        differing.map((key) => [
          element("th", { scope: "row" }, element("code", {}, key)),
          ...groups.map((group) => settingCell(group.values.get(key))),
        ]),
      );
    const rest = plural(keys.length - differing.length, "other key");
    get("differences-note").textContent =
      view.runs.length < 2
        ? "Only one run is shown."
        : differing.length === 0
          ? `Nothing: ${plural(keys.length, "key")} are the same in all runs.`
          : `${rest} are the same in all runs.`;
  }

  /* ---- pictures: what they have in common */

  const THEMES = {
    light: {
      text: "#1a1a1a", faint: "#5a5f66", grid: "#e3e5e8", paper: "#ffffff", others: "#c3c7cc",
      balloon: "#0072b2", shortfall: "#d55e00",
    },
    dark: {
      text: "#f0f0ee", faint: "#a4a9b0", grid: "#33383e", paper: "#16181b", others: "#737980",
      balloon: "#56b4e9", shortfall: "#ff8033",
    },
  };

  /* Paul Tol's twelve, in an order that puts light beside dark. */
  const DOMAIN_COLOURS = [
    "#332288", "#88ccee", "#117733", "#ddcc77", "#882255", "#44aa99",
    "#cc6677", "#6699cc", "#999933", "#aa4499", "#661100", "#aa4466",
  ].map((colour) => `${colour}b8`); /* lines must be seen above them */
  /* Okabe and Ito's, each with a shape of its own. */
  const RUN_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
  const RUN_SHAPES = ["circle", "rect", "triangle", "rectRot", "rectRounded"];

  const darkScreen = window.matchMedia("(prefers-color-scheme: dark)");
  let printing = false;
  const theme = () => THEMES[darkScreen.matches && !printing ? "dark" : "light"];

  function timeTicks(axis) {
    const unit = timeUnit(axis.max);
    const fits = unit.steps.find((step) => axis.max / unit.seconds / step <= 7);
    const step = (fits ?? Math.ceil(axis.max / unit.seconds / 7)) * unit.seconds;
    axis.ticks = [];
    for (let i = 0; i * step <= axis.max; i++) axis.ticks.push({ value: i * step });
  }

  function timeLabel(run, seconds) {
    const since = seconds === 0 ? "0" : timeText(seconds, run.axisSeconds);
    if (run.started_unix_ms === null) return since;
    const most = run.axisSeconds;
    return [since, clockText(run.started_unix_ms + seconds * 1000, most > 86400, most < 180)];
  }

  function timeAxis(run) {
    return {
      type: "linear",
      min: 0,
      max: run.axisSeconds,
      afterBuildTicks: timeTicks,
      ticks: { color: theme().faint, maxRotation: 0, autoSkip: false, callback: (value) => timeLabel(run, value) },
      grid: { color: theme().grid },
      title: { display: true, color: theme().faint, text: "time since the run began" },
    };
  }

  function memoryStep(most) {
    let step = 1 / 16;
    while (most / step > 6) step *= 2;
    return step;
  }

  function memoryLabel(mib, step) {
    if (mib === 0) return "0";
    if (step >= 1024 * 1024) return `${mib / 1024 / 1024} TiB`;
    return step >= 512 ? `${mib / 1024} GiB` : `${mib} MiB`;
  }

  function memoryAxis(most) {
    const step = memoryStep(Math.max(most, 1));
    return {
      min: 0,
      max: Math.ceil(Math.max(most, 1) / step) * step,
      stacked: true,
      ticks: { color: theme().faint, stepSize: step, callback: (value) => memoryLabel(value, step) },
      grid: { color: theme().grid },
    };
  }

  const tooltip = {
    callbacks: {
      title: (items) => (items.length ? timeText(items[0].parsed.x) : ""),
      label: (item) => `${item.dataset.label}: ${memoryText(item.parsed.y)}`,
    },
    filter: (item) => !Number.isNaN(item.parsed.y),
    itemSort: (a, b) => b.datasetIndex - a.datasetIndex,
  };

  const baseOptions = () => ({
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    devicePixelRatio: printing ? 3 : window.devicePixelRatio,
    parsing: false,
    normalized: true,
    plugins: { legend: { display: false }, tooltip },
  });

  function overTime(run, most) {
    return {
      ...baseOptions(),
      interaction: { mode: "nearest", axis: "x", intersect: false },
      elements: { point: { radius: 0, hoverRadius: 3 }, line: { borderWidth: 2, borderJoinStyle: "round" } },
      scales: { x: timeAxis(run), y: memoryAxis(most) },
    };
  }

  function draw(canvas, config) {
    Chart.getChart(canvas)?.destroy();
    return new Chart(canvas, config);
  }

  function figure(run, id) {
    const canvas = element("canvas", { id });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", run.label);
    const isToldApart = run.started_unix_ms === null || run.label.includes(beganText(run));
    const began = isToldApart ? null : element("span", { className: "note" }, ` ${beganText(run)}`);
    const caption = element("figcaption", {}, run.label, began);
    return element("figure", {}, caption, element("div", { className: "plot" }, canvas));
  }

  function swatch(style, colour) {
    const made = element("span", { className: `swatch ${style}` });
    if (style === "area") made.style.backgroundColor = colour;
    else made.style.borderColor = colour;
    return made;
  }

  function showLegend(id, entries) {
    const items = entries.map(({ style, colour, name, link }) => {
      const text = link ? element("a", { href: link }, name) : name;
      return element("li", {}, swatch(style, colour), element("span", { className: "name", title: name }, text));
    });
    get(id).replaceChildren(...items);
  }

  /* The longest run; so that all pictures have the same axis. */
  function shareTimeAxis() {
    const most = Math.max(0.001, ...view.runs.map((run) => run.duration_ms / 1000));
    for (const run of view.runs) run.axisSeconds = most;
  }

  /* ---- memory over time */

  const fragmentOf = (name) => `#domain=${encodeURIComponent(name)}`;
  /* What is left of all domains when the largest are taken away. */
  function others(all, shown) {
    return all.map(({ x, y }, i) => ({ x, y: Math.max(0, shown.reduce((rest, s) => rest - s[i].y, y)) }));
  }

  function memoryOf(run) {
    const all = points(run, run.stack);
    const top = view.top.map((name) => run.byName.get(name));
    const shown = top.map((domain) => (domain?.stack ? points(run, domain.stack) : null));
    return {
      all,
      shown,
      others: others(all, shown.filter((series) => series !== null)),
      total: points(run, run.host_total),
      used: points(run, run.host_used),
      need: points(run, run.need),
    };
  }

  const area = (label, series, colour) => ({
    label, data: series, stack: "domains", backgroundColor: colour, borderWidth: 0,
  });

  const line = (label, series, colour, dash = []) => ({
    label, data: series, stack: label, fill: false, borderColor: colour, backgroundColor: colour, borderDash: dash,
  });

  const domainColour = (i) => DOMAIN_COLOURS[i % DOMAIN_COLOURS.length];
  const DASHED = [7, 4];
  const DOTTED = [2, 3];

  function memoryDatasets(memory) {
    const areas = view.top.map((name, i) => memory.shown[i] && area(name, memory.shown[i], domainColour(i)));
    if (view.othersCount > 0) areas.push(area(view.others, memory.others, theme().others));
    const lines = [
      line("host memory", memory.total, theme().text),
      line("used of host memory", memory.used, theme().text, DOTTED),
      line(`${view.needName} of all domains`, memory.need, theme().text, DASHED),
    ];
    const stacked = areas.filter(Boolean).map((set, i) => ({ ...set, fill: i === 0 ? "origin" : "-1", order: 1 }));
    const known = lines.filter((set) => isKnown(set.data)).map((set) => ({ ...set, order: 0 }));
    return [...stacked, ...known]; /* a lower order is drawn above */
  }

  /* A host that is far larger than all that happens on it would leave nothing to see. */
  function memoryMost(memories) {
    const used = Math.max(...memories.flatMap((m) => [largest(m.all), largest(m.used), largest(m.need)]));
    const total = Math.max(...memories.map((m) => largest(m.total)));
    return { most: total <= 2 * used ? Math.max(total, used) : used, total };
  }

  function memoryLegend(memories) {
    const known = (key) => memories.some((memory) => isKnown(memory[key]));
    const entries = view.top.map((name, i) => ({
      style: "area", colour: domainColour(i), name, link: fragmentOf(name),
    }));
    if (view.othersCount > 0) entries.push({ style: "area", colour: theme().others, name: view.others });
    if (known("total")) entries.push({ style: "line", colour: theme().text, name: "host memory" });
    if (known("used")) entries.push({ style: "dotted", colour: theme().text, name: "used of host memory" });
    if (known("need"))
      entries.push({ style: "dashed", colour: theme().text, name: `${view.needName} of all domains` });
    showLegend("memory-legend", entries);
  }

  function memoryNote({ most, total }) {
    const parts = ["Balloons of the domains, stacked: what the guests own at each moment."];
    if (view.runs.some((run) => run.per_bucket > 1))
      parts.push("Each stretch of time shows its mean; lines show the smallest and the largest value of it.");
    if (total > most) parts.push(`The host's memory, ${memoryText(total)}, is above the pictures.`);
    if (!isAnyKnown("host_total")) parts.push("The host's memory is unknown.");
    get("memory-note").textContent = parts.join(" ");
  }

  const isAnyKnown = (key) => view.runs.some((run) => isKnown(points(run, run[key])));

  function drawMemory() {
    const memories = view.runs.map(memoryOf);
    const range = memoryMost(memories);
    memoryLegend(memories);
    memoryNote(range);
    view.runs.forEach((run, i) => {
      const options = overTime(run, range.most);
      draw(get(`memory-${i}`), { type: "line", data: { datasets: memoryDatasets(memories[i]) }, options });
    });
  }

  /* ---- one domain */

  let chosen = null;

  /* The one that lacked most, or else the largest. */
  function mostTelling() {
    const lacked = new Map();
    for (const domain of view.runs.flatMap((run) => run.domains)) {
      const values = domain.shortfall ? unpack(domain.shortfall) : [];
      const sum = values.reduce((total, value) => total + (value || 0), 0);
      lacked.set(domain.name, (lacked.get(domain.name) ?? 0) + sum);
    }
    const worse = (a, b) => (lacked.get(b) > (lacked.get(a) ?? 0) ? b : a);
    return view.domainNames.reduce(worse, view.top[0]) ?? "";
  }

  function domainOf(run) {
    const domain = run.byName.get(chosen);
    if (!domain) return null;
    return {
      balloon: points(run, domain.balloon),
      need: points(run, domain.need),
      shortfall: domain.shortfall ? points(run, domain.shortfall) : [],
    };
  }

  function domainDatasets(run, domain) {
    const lack = line("shortfall", domain.shortfall, theme().shortfall);
    const sets = [
      { ...lack, fill: "origin", backgroundColor: `${theme().shortfall}80`, order: 2, borderWidth: 1.5 },
      { ...line("balloon", domain.balloon, theme().balloon), order: 1 },
      { ...line(run.simulated ? "demand" : "used", domain.need, theme().text, DASHED), order: 0 },
    ];
    return sets.filter((set) => isKnown(set.data) && (set.label !== "shortfall" || largest(set.data) > 0));
  }

  function domainLegend() {
    const entries = [
      { style: "line", colour: theme().balloon, name: "balloon" },
      { style: "dashed", colour: theme().text, name: view.needName },
    ];
    if (view.anySimulated)
      entries.push({ style: "area", colour: theme().shortfall, name: "shortfall (demand that is not held)" });
    showLegend("domain-legend", entries);
  }

  function domainNote() {
    const parts = [];
    if (view.anySimulated)
      parts.push("Demand is what the load wants. The balloon also holds the guest's kernel, system and page cache.");
    if (view.anyReal)
      parts.push("Nobody knows the demand on a real host: used is shown, what the guest needed when it was asked.");
    get("domain-note").textContent = parts.join(" ");
  }

  function drawDomain() {
    const domains = view.runs.map(domainOf);
    const most = Math.max(
      ...domains.filter(Boolean).flatMap((d) => [largest(d.balloon), largest(d.need), largest(d.shortfall)]),
    );
    domainLegend();
    view.runs.forEach((run, i) => {
      const canvas = get(`domain-${i}`);
      const datasets = domains[i] ? domainDatasets(run, domains[i]) : [];
      canvas.closest("figure").hidden = !domains[i];
      if (domains[i]) draw(canvas, { type: "line", data: { datasets }, options: overTime(run, most) });
      else Chart.getChart(canvas)?.destroy();
    });
  }

  function absentText() {
    const without = view.runs.filter((run) => !run.byName.has(chosen)).map((run) => run.label);
    return without.length ? `It is not in: ${without.join(", ")}.` : "";
  }

  function choose(name) {
    chosen = name;
    get("domain-name").textContent = name;
    get("domain-input").value = name;
    get("domain-problem").textContent = absentText();
    drawDomain();
  }

  function nameInFragment() {
    const found = /^#domain=(.*)$/.exec(window.location.hash);
    try {
      return found ? decodeURIComponent(found[1]) : null;
    } catch {
      return null;
    }
  }

  function chooseByFragment() {
    const name = nameInFragment();
    if (name !== null && view.domainNames.includes(name)) choose(name);
    else if (!view.domainNames.includes(chosen)) choose(mostTelling());
    else drawDomain();
    if (name !== null && !view.domainNames.includes(name)) sayNoDomain(name);
  }

  const sayNoDomain = (name) => {
    get("domain-problem").textContent = `No domain is called '${name}'.`;
  };

  function chooseByInput() {
    const name = get("domain-input").value;
    if (!view.domainNames.includes(name)) sayNoDomain(name);
    else if (name !== chosen) window.location.hash = fragmentOf(name);
  }

  function chooseBeside(steps) {
    const n = view.domainNames.length;
    window.location.hash = fragmentOf(view.domainNames[(view.domainNames.indexOf(chosen) + steps + n) % n]);
  }

  function prepareDomain() {
    const input = get("domain-input");
    input.addEventListener("change", chooseByInput);
    input.addEventListener("focus", () => input.select());
    get("domain-form").addEventListener("submit", (event) => event.preventDefault());
    get("domain-before").addEventListener("click", () => chooseBeside(-1));
    get("domain-after").addEventListener("click", () => chooseBeside(1));
    window.addEventListener("hashchange", chooseByFragment);
  }

  /* ---- the frontier */

  const frontierColumns = [data.columns[data.frontier_x], data.columns[data.frontier_y]];

  /* `scored`: a variant or a run. */
  function frontierPoint(scored) {
    const [x, y] = [data.frontier_x, data.frontier_y].map((index) => rawScore(scored, index));
    if (x === null || y === null) return null;
    return { of: scored, x: x / frontierColumns[0].per_unit, y: y / frontierColumns[1].per_unit };
  }

  const frontierPoints = (list) => list.map(frontierPoint).filter((point) => point !== null);

  const isBeaten = (point, all) =>
    all.some((q) => q.x <= point.x && q.y >= point.y && (q.x < point.x || q.y > point.y));

  /* Those that no other beats in both; limits are no choice. */
  function frontierLine(all) {
    const choices = all.filter((point) => !point.of.limit);
    return choices.filter((point) => !isBeaten(point, choices)).sort((a, b) => a.x - b.x || a.y - b.y);
  }

  function frontierStyle(variant) {
    const at = variantsShown().filter((other) => !other.limit).indexOf(variant);
    if (variant.limit) return { colour: theme().text, shape: variant.limit === "oracle" ? "star" : "crossRot" };
    return { colour: RUN_COLOURS[at % RUN_COLOURS.length], shape: RUN_SHAPES[at % RUN_SHAPES.length] };
  }

  const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

  /* Right of the point, else left, above, below, else ever farther below. */
  function labelBox(at, width, taken, area) {
    const height = 16;
    const places = [[10, -8], [-width - 10, -8], [-width / 2, -26], [-width / 2, 10]];
    for (let i = 1; i < 20; i++) places.push([10, 10 + i * height], [-width - 10, 10 + i * height], [10, -10 - i * height]);
    const boxes = places.map(([dx, dy]) => ({
      left: at.x + dx, right: at.x + dx + width, top: at.y + dy, bottom: at.y + dy + height,
    }));
    const fits = (box) =>
      box.left >= area.left && box.right <= area.right && box.top >= area.top && box.bottom <= area.bottom;
    return boxes.find((box) => fits(box) && !taken.some((other) => overlap(box, other))) ?? boxes[0];
  }

  /* A line to a label that could not stand beside its point. */
  function leadTo(ctx, at, box) {
    const [x, y] = [Math.min(Math.max(at.x, box.left), box.right), Math.min(Math.max(at.y, box.top), box.bottom)];
    if (Math.hypot(x - at.x, y - at.y) < 16) return;
    Object.assign(ctx, { strokeStyle: theme().faint, lineWidth: 1 });
    ctx.beginPath();
    ctx.moveTo(at.x, at.y);
    ctx.lineTo(x, y);
    ctx.stroke();
  }

  const frontierLabels = {
    id: "labels",
    afterDatasetsDraw(chart) {
      const { ctx, chartArea } = chart;
      const marks = chart.data.datasets.flatMap((set, i) =>
        set.isBare ? [] : chart.getDatasetMeta(i).data.map((at) => ({ at, text: set.label })),
      );
      const taken = marks.map(({ at }) => ({ left: at.x - 6, right: at.x + 6, top: at.y - 6, bottom: at.y + 6 }));
      ctx.save();
      Object.assign(ctx, { font: "12px system-ui, sans-serif", textBaseline: "middle", lineJoin: "round" });
      for (const { at, text } of marks) {
        Object.assign(ctx, { fillStyle: theme().text, strokeStyle: theme().paper, lineWidth: 4 });
        const box = labelBox(at, ctx.measureText(text).width, taken, chartArea);
        taken.push(box);
        ctx.strokeText(text, box.left, (box.top + box.bottom) / 2);
        ctx.fillText(text, box.left, (box.top + box.bottom) / 2);
        leadTo(ctx, at, box);
      }
      ctx.restore();
    },
  };

  function frontierDataset(point) {
    const { colour, shape } = frontierStyle(point.of);
    const limit = point.of.limit;
    return {
      label: limit ? `${point.of.name} (limit)` : point.of.name,
      data: [{ x: point.x, y: point.y }],
      pointStyle: shape, pointRadius: limit ? 9 : 7, pointHoverRadius: 9, pointBorderWidth: limit ? 2 : 1,
      borderColor: limit ? colour : theme().paper, backgroundColor: colour, showLine: false,
    };
  }

  /* The seeds of which a point is the mean, small. */
  function seedsDataset(variant) {
    const { colour } = frontierStyle(variant);
    return {
      isBare: true, label: `${variant.name}, one seed`, data: frontierPoints(variant.runs).map(({ x, y }) => ({ x, y })),
      pointRadius: 2.5, pointBorderWidth: 0, backgroundColor: `${colour}99`, showLine: false, order: 2,
    };
  }

  /* From 0 where that leaves room enough to tell the points apart. */
  function scoreAxis(column, values) {
    const better = column.more_is_better ? "more is better" : "less is better";
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const room = (most - least || most || 1) * 0.15;
    return {
      suggestedMin: least > room * 4 ? least - room : 0,
      suggestedMax: most + room,
      ticks: { color: theme().faint },
      grid: { color: theme().grid },
      title: { display: true, color: theme().faint, text: `${column.title}, ${column.unit} (${better})` },
    };
  }

  function frontierOptions(all) {
    const [x, y] = frontierColumns;
    const label = ({ dataset, parsed }) =>
      `${dataset.label}: ${x.title} ${parsed.x.toFixed(x.decimals)} ${x.unit}, ${y.title} ${parsed.y.toFixed(y.decimals)} ${y.unit}`;
    return {
      ...baseOptions(),
      layout: { padding: { top: 8 } },
      clip: false,
      plugins: { legend: { display: false }, tooltip: { callbacks: { label } } },
      scales: {
        x: { type: "linear", ...scoreAxis(x, all.map((point) => point.x)) },
        y: scoreAxis(y, all.map((point) => point.y)),
      },
    };
  }

  function limitsText(all) {
    const found = distinct(all.map((point) => point.of.limit).filter(Boolean));
    return found.map((limit) => `${limit}, where ${LIMITS[limit]}`).join("; ");
  }

  function frontierNote(all) {
    const missing = variantsShown().length - all.length;
    const parts = ["Upper left is better."];
    if (frontierLine(all).length > 1) parts.push("The line joins those that no other beats in both.");
    if (all.some((point) => point.of.limit)) parts.push(`No policy: ${limitsText(all)}.`);
    if (all.some((point) => point.of.runs.length > 1)) parts.push("Points are means, small ones single seeds.");
    if (missing > 0)
      parts.push(`${plural(missing, "run")} not shown: shortfall is unknown where demand is (a real host).`);
    get("frontier-note").textContent = all.length ? parts.join(" ") : parts.at(-1);
  }

  function joiningDataset(all) {
    return {
      isBare: true, label: "frontier", data: frontierLine(all).map(({ x, y }) => ({ x, y })), pointRadius: 0,
      pointHitRadius: 0, borderWidth: 1.5, borderColor: theme().faint, borderDash: DASHED, order: 1,
    };
  }

  function drawFrontier() {
    const all = frontierPoints(variantsShown());
    frontierNote(all);
    document.querySelector("#frontier figure").hidden = all.length === 0;
    if (all.length === 0) return;
    const seeds = all.filter((point) => point.of.runs.length > 1).map((point) => seedsDataset(point.of));
    const datasets = [...all.map(frontierDataset), ...seeds, joiningDataset(all)];
    const every = datasets.flatMap((set) => set.data);
    const options = frontierOptions(every);
    draw(get("frontier-plot"), { type: "line", data: { datasets }, options, plugins: [frontierLabels] });
  }

  /* ---- which set is shown */

  function setText(set) {
    const { seed } = set[0];
    const scenario = hasScenarios ? `scenario ${baseName(scenarioOf(set[0]) ?? "unknown")}` : null;
    return [scenario, seed === null ? null : `seed ${seed}`].filter(Boolean).join(", ") || "all";
  }

  function showSet(set) {
    lookAt(set);
    showRuns();
    showScores();
    showDifferences();
    get("set-note").textContent = sets.length > 1 ? `Shown below: ${setText(set)}.` : "";
    get("memory-plots").replaceChildren(...set.map((run, i) => figure(run, `memory-${i}`)));
    get("domain-plots").replaceChildren(...set.map((run, i) => figure(run, `domain-${i}`)));
    get("domain-list").replaceChildren(...view.domainNames.map((name) => element("option", { value: name })));
    domainNote();
    drawFrontier();
    drawMemory();
    chooseByFragment();
  }

  function prepareSets() {
    get("set-input").append(...sets.map((set, i) => element("option", { value: i }, setText(set))));
    get("set-input").addEventListener("change", (event) => showSet(sets[Number(event.target.value)]));
    get("set-form").hidden = sets.length < 2;
    get("set-form").addEventListener("submit", (event) => event.preventDefault());
  }

  /* ---- the whole page */

  function drawAll() {
    Chart.defaults.font.family = 'system-ui, "DejaVu Sans", sans-serif';
    drawFrontier();
    drawMemory();
    drawDomain();
  }

  /* On paper the pictures are light, sharp, and as wide as there. */
  function print(begins) {
    printing = begins;
    document.documentElement.classList.toggle("printing", begins);
    drawAll();
  }

  function start() {
    prepareRuns();
    makeVariants();
    showLead();
    showScoreHelp();
    showScoreNote();
    prepareSets();
    prepareDomain();
    showSet(sets[Number(get("set-input").value)]);
    darkScreen.addEventListener("change", drawAll);
    window.addEventListener("beforeprint", () => print(true));
    window.addEventListener("afterprint", () => print(false));
    document.documentElement.dataset.drawn = "yes";
  }

  start();
})();
