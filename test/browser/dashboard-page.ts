/** Draws the layout of a CloudWatch dashboard as a page: the grid, titles, labels, and a sketch of each graph. */
import type { Widget } from '../lib/monitoring/monitoring-template.ts';

/** Pixels of a cell of the grid, which has 24 columns. */
const CELL = { width: 52, height: 42 };
const COLORS = ['#2563eb', '#ea580c', '#16a34a', '#dc2626', '#7c3aed', '#0891b2', '#be185d', '#854d0e'];
/** Points of a line, and the most lines of a sketch. */
const POINTS = 16;
const MAX_LINES = 6;
const SKETCH = { width: 300, height: 110 };

interface MetricOptions {
  readonly label?: string;
  readonly expression?: string;
  readonly yAxis?: 'left' | 'right';
  readonly visible?: boolean;
}

/** @param names of alarms by what the dashboard calls them */
export function dashboardPage(widgets: readonly Widget[], names: ReadonlyMap<string, string>): string {
  const height = Math.max(...widgets.map(({ y, height: rows }) => y + rows)) * CELL.height;
  return `<!doctype html><title>Dashboard</title><style>
    * { box-sizing: border-box; margin: 0 }
    body { width: ${24 * CELL.width}px; height: ${height}px; position: relative; background: #f1f5f9; color: #0f172a;
      font: 12px/1.35 sans-serif }
    section { position: absolute; padding: 3px }
    section > div { width: 100%; height: 100%; padding: 8px 10px; background: #fff; border: 1px solid #cbd5e1;
      border-radius: 6px; overflow: hidden; display: flex; flex-direction: column; gap: 4px }
    section.text > div { background: none; border: 0 }
    h2 { font-size: 13px } h3 { font-size: 17px } p { color: #475569 }
    svg { flex: 1; min-height: 0; width: 100% } pre { font-size: 11px; white-space: pre-wrap; color: #475569 }
    ul { display: flex; flex-wrap: wrap; gap: 2px 10px; padding: 0; list-style: none; font-size: 11px; max-height: 48px;
      overflow: hidden; flex: none }
    ul.alarms { max-height: none; gap: 6px } ul.alarms li { padding: 3px 8px; border: 1px solid #86efac; border-radius: 4px;
      background: #f0fdf4 }
    i { display: inline-block; width: 10px; height: 3px; margin-right: 4px; vertical-align: middle }
    b { font-size: 34px; color: #334155 }
  </style>${widgets.map((widget) => draw(widget, names)).join('')}`;
}

function draw(widget: Widget, names: ReadonlyMap<string, string>): string {
  const { type, x, y, width, height, properties } = widget;
  const place = [x * CELL.width, y * CELL.height, width * CELL.width, height * CELL.height];
  const [left, top, w, h] = place.map((pixels) => `${pixels}px`);
  const title = properties.title === undefined ? '' : `<h2>${escapeHtml(properties.title)}</h2>`;
  return `<section class="${type}" style="left:${left};top:${top};width:${w};height:${h}"><div>${title}${content(widget, names)}</div></section>`;
}

function content({ type, properties }: Widget, names: ReadonlyMap<string, string>): string {
  switch (type) {
    case 'alarm': {
      const alarms = (properties.alarms ?? []).map(
        (alarm) => `<li>${escapeHtml(names.get(alarm) ?? alarm)}</li>`,
      );
      return `<ul class="alarms">${alarms.join('')}</ul>`;
    }
    case 'text':
      return markdown(properties.markdown ?? '');
    case 'log':
      return `<pre>${escapeHtml((properties.query ?? '').replace(/^(SOURCE '[^']*' \| )+/, ''))}</pre>`;
    case 'metric':
      return properties.view === 'singleValue'
        ? `<b>0.00</b>${legend(linesOf(properties))}`
        : sketch(linesOf(properties)) + legend(linesOf(properties));
  }
}

function linesOf({ metrics = [] }: Widget['properties']): readonly MetricOptions[] {
  return metrics
    .map((metric) => {
      const options = metric.find((part): part is MetricOptions => typeof part === 'object') ?? {};
      return { ...options, label: labelOf(metric, options) };
    })
    .filter(({ visible = true }) => visible);
}

function labelOf(metric: readonly unknown[], { label, expression }: MetricOptions): string {
  if (expression?.startsWith('SEARCH')) return 'each operation';
  return label || expression || String(metric[1]);
}

/** Draws waves: a sketch has no data. */
function sketch(lines: readonly MetricOptions[]): string {
  const { width, height } = SKETCH;
  const drawn = lines.slice(0, MAX_LINES).map(({ yAxis }, line) => {
    const points = Array.from({ length: POINTS }, (_, point) => {
      const wave = Math.sin(point * (0.5 + line * 0.13) + line * 1.7) * 0.5 + 0.5;
      const top = height - 8 - (height - 16) * (wave * 0.5 + (MAX_LINES - line) / (2 * MAX_LINES)) * 0.9;
      return `${Math.round((point * width) / (POINTS - 1))},${Math.round(top)}`;
    });
    const dashes = yAxis === 'right' ? ' stroke-dasharray="5 4"' : '';
    return `<polyline points="${points.join(' ')}" fill="none" stroke-width="1.5" stroke="${color(line)}"${dashes}/>`;
  });
  const axes = `<path d="M0 0V${height}H${width}" fill="none" stroke="#94a3b8"/>`;
  return `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${axes}${drawn.join('')}</svg>`;
}

function legend(lines: readonly MetricOptions[]): string {
  const entries = lines.map(({ label = '', yAxis }, line) => {
    const axis = yAxis === 'right' ? ' (right)' : '';
    return `<li><i style="background:${color(line)}"></i>${escapeHtml(label)}${axis}</li>`;
  });
  return `<ul>${entries.join('')}</ul>`;
}

function markdown(text: string): string {
  const [first = '', ...others] = text.split('\n');
  const body = others.join(' ').replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1');
  return `<h3>${escapeHtml(first.replace(/^#+ /, ''))}</h3><p>${escapeHtml(body)}</p>`;
}

function color(line: number): string {
  return COLORS[line % COLORS.length] ?? '';
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
