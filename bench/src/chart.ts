/** One bar or point of a picture; null where nothing was measured. */
export interface Series {
  name: string;
  values: readonly (number | null)[];
}

export interface Chart {
  /** `lines` have numbers that grow along the bottom, by powers of ten. */
  kind: 'bars' | 'lines';
  title: string;
  /** What the values are, with their unit. */
  unit: string;
  labels: readonly string[];
  series: readonly Series[];
  /** A figure to hold the others against. */
  mark?: { value: number; label: string };
}

const WIDTH = 760;
const TEXT_HEIGHT = 18;
const BAR_HEIGHT = 16;
const GAP = 10;
const LABEL_WIDTH = 250;
const VALUE_WIDTH = 80;
const TOP = 64;
const PLOT_HEIGHT = 240;
const AXIS_WIDTH = 70;
const MARGIN = 16;
const COLORS = 4;

// Own colours for light and dark: a page shows the file as a picture, so its style sheet does not reach in here.
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 } .soft { fill: #59636e }
  .back { fill: #ffffff } .axis { stroke: #d1d9e0 } .mark { stroke: #b35900; stroke-dasharray: 5 4 } .marked { fill: #b35900 }
  .s0 { fill: #0969da; stroke: #0969da } .s1 { fill: #bf5f00; stroke: #bf5f00 } .s2 { fill: #1a7f37; stroke: #1a7f37 } .s3 { fill: #8250df; stroke: #8250df }
  polyline { fill: none !important; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .soft { fill: #9198a1 } .back { fill: #0d1117 } .axis { stroke: #3d444d } .mark { stroke: #f0a050 } .marked { fill: #f0a050 }
    .s0 { fill: #4493f8; stroke: #4493f8 } .s1 { fill: #f0883e; stroke: #f0883e } .s2 { fill: #3fb950; stroke: #3fb950 } .s3 { fill: #ab7df8; stroke: #ab7df8 }
  }`;

/** A picture as SVG, readable on light and dark pages, with its figures written out. */
export function chartSvg(chart: Chart): string {
  const { height, body } = chart.kind === 'bars' ? bars(chart) : lines(chart);
  const title = escapeXml(chart.title);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="back" width="${WIDTH}" height="${height}" rx="6"/>`,
    text(MARGIN, 26, chart.title, 'title'),
    ...legend(chart),
    ...body,
    '</svg>',
  ].join('\n')}\n`;
}

function bars({ labels, series, mark }: Chart): { height: number; body: string[] } {
  const values = series.flatMap((one) => one.values.filter((value) => value !== null));
  const max = Math.max(...values, mark?.value ?? 0, Number.MIN_VALUE);
  const room = WIDTH - LABEL_WIDTH - VALUE_WIDTH - MARGIN;
  const widthOf = (value: number): number => (value / max) * room;
  const groupHeight = series.length * (BAR_HEIGHT + 2) + GAP;
  const height = TOP + labels.length * groupHeight + (mark === undefined ? 0 : TEXT_HEIGHT) + GAP;
  const body = labels.flatMap((label, row) => {
    const top = TOP + row * groupHeight;
    const middle = top + (series.length * (BAR_HEIGHT + 2)) / 2 + 4;
    const drawn = series.flatMap(({ values: own }, index) => {
      const value = own[row] ?? null;
      if (value === null) return [];
      const y = top + index * (BAR_HEIGHT + 2);
      return [
        `<rect class="s${index % COLORS}" x="${LABEL_WIDTH}" y="${y}" width="${round(Math.max(1, widthOf(value)))}" height="${BAR_HEIGHT}"/>`,
        text(LABEL_WIDTH + widthOf(value) + 6, y + BAR_HEIGHT - 4, figure(value)),
      ];
    });
    return [text(LABEL_WIDTH - 8, middle, label, undefined, 'end'), ...drawn];
  });
  if (mark !== undefined) body.push(...markAt(LABEL_WIDTH + widthOf(mark.value), height, mark.label));
  return { height, body };
}

function markAt(x: number, height: number, label: string): string[] {
  return [
    `<line class="mark" x1="${round(x)}" x2="${round(x)}" y1="${TOP - 6}" y2="${height - TEXT_HEIGHT - GAP}"/>`,
    text(x, height - GAP, label, 'marked', 'middle'),
  ];
}

function lines({ labels, series, mark }: Chart): { height: number; body: string[] } {
  const left = AXIS_WIDTH + MARGIN;
  const bottom = TOP + PLOT_HEIGHT;
  const max = niceMax(Math.max(...series.flatMap((one) => one.values.map((value) => value ?? 0)), mark?.value ?? 0));
  const steps = labels.map((label) => Math.log10(Number(label)));
  const [first = 0, last = 1] = [steps[0], steps.at(-1)];
  const x = (place: number): number =>
    left + (WIDTH - left - VALUE_WIDTH) * (last === first ? 0 : ((steps[place] ?? first) - first) / (last - first));
  const y = (value: number): number => bottom - (value / max) * PLOT_HEIGHT;
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<line class="axis" x1="${left}" x2="${WIDTH - VALUE_WIDTH + 20}" y1="${round(y(share * max))}" y2="${round(y(share * max))}"/>`,
    text(left - 8, y(share * max) + 4, figure(share * max), 'soft', 'end'),
  ]);
  const along = labels.map((label, place) => text(x(place), bottom + TEXT_HEIGHT, figure(Number(label)), 'soft', 'middle'));
  const drawn = series.flatMap(({ values }, index) => {
    const points = values.flatMap((value, place) => (value === null ? [] : [[x(place), y(value)] as const]));
    const end = values.findLast((value) => value !== null);
    const [endX, endY] = points.at(-1) ?? [0, 0];
    return [
      `<polyline class="s${index % COLORS}" points="${points.map(([px, py]) => `${round(px)},${round(py)}`).join(' ')}"/>`,
      ...points.map(([px, py]) => `<circle class="s${index % COLORS}" cx="${round(px)}" cy="${round(py)}" r="3.5"/>`),
      ...(end == null ? [] : [text(endX + 8, endY + 4, figure(end))]),
    ];
  });
  const held =
    mark === undefined
      ? []
      : [
          `<line class="mark" x1="${left}" x2="${WIDTH - VALUE_WIDTH + 20}" y1="${round(y(mark.value))}" y2="${round(y(mark.value))}"/>`,
          text(left + 4, y(mark.value) - 5, mark.label, 'marked'),
        ];
  return { height: bottom + TEXT_HEIGHT + MARGIN, body: [...grid, ...along, ...drawn, ...held] };
}

function legend({ series, unit }: Chart): string[] {
  const parts = [text(MARGIN, 46, unit, 'soft')];
  if (series.length < 2) return parts;
  let x = LABEL_WIDTH;
  for (const [index, { name }] of series.entries()) {
    parts.push(`<rect class="s${index % COLORS}" x="${x}" y="36" width="11" height="11"/>`, text(x + 16, 46, name));
    x += 32 + name.length * 8;
  }
  return parts;
}

function text(x: number, y: number, words: string, className?: string, anchor?: 'middle' | 'end'): string {
  const attributes = `${className === undefined ? '' : ` class="${className}"`}${anchor === undefined ? '' : ` text-anchor="${anchor}"`}`;
  return `<text x="${round(x)}" y="${round(y)}"${attributes}>${escapeXml(words)}</text>`;
}

function figure(value: number): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** 1, 2 or 5 times a power of ten, so that its quarters are short numbers. */
function niceMax(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find((times) => times * power >= value) ?? 10);
}

const round = (value: number): number => Math.round(value * 10) / 10;

function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
