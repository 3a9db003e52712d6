/** Shows the durations of finished jobs over time, as a plot and as a sentence. */
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { formatDuration } from './duration.ts';
import { memo } from './memo.ts';
import { type DurationPoint, percentile, plotDurations } from './plot-scale.ts';
import './plot.css';

const HEIGHT = 150;
const LEFT = 52;
const BOTTOM = 22;

/** @param points in any order */
export const DurationPlot = memo(({ points }: { readonly points: readonly DurationPoint[] }) => {
  const id = useId();
  const figure = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const element = figure.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(240, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const plot = useMemo(
    () => plotDurations(points, { width, height: HEIGHT, left: LEFT, bottom: BOTTOM }),
    [points, width],
  );
  const sorted = useMemo(() => points.map(({ durationMs }) => durationMs).sort((a, b) => a - b), [points]);
  const [median, high] = [percentile(sorted, 0.5), percentile(sorted, 0.95)];
  return (
    <figure class="plot" ref={figure} aria-labelledby={id}>
      <figcaption id={id}>
        Durations of {points.length.toLocaleString('en')} finished job{points.length === 1 ? '' : 's'}
        {median !== undefined && high !== undefined && (
          <span class="hint">
            {' '}
            · median {formatDuration(median)} · 95th percentile {formatDuration(high)} · longest{' '}
            {formatDuration(sorted.at(-1) ?? 0)}
          </span>
        )}
      </figcaption>
      {plot && (
        <svg viewBox={`0 0 ${width} ${HEIGHT}`} width={width} height={HEIGHT} aria-hidden="true">
          {plot.durations.map(({ at, value }) => (
            <g key={value}>
              <line class="plot-grid" x1={LEFT} x2={width} y1={at} y2={at} />
              <text x={LEFT - 8} y={at + 4} text-anchor="end">
                {formatDuration(value)}
              </text>
            </g>
          ))}
          {plot.times.map(({ at, value }, index) => (
            <text
              key={value}
              x={at}
              y={HEIGHT - 4}
              text-anchor={index === 0 ? 'start' : index === plot.times.length - 1 ? 'end' : 'middle'}
            >
              {timeLabel(value, plot.times)}
            </text>
          ))}
          {plot.marks.map(({ x, y, top, bottom, failed }) => (
            <g key={`${x} ${y}`} class={failed ? 'plot-failed' : 'plot-done'}>
              {top !== undefined && <line x1={x} x2={x} y1={top} y2={bottom} />}
              <circle cx={x} cy={y} r="2.6" />
            </g>
          ))}
        </svg>
      )}
    </figure>
  );
});

const DAY_MS = 24 * 60 * 60 * 1000;

/** Names the minute for a short span, the hour for some days, and the date for a long one. */
function timeLabel(value: number, times: readonly { readonly value: number }[]): string {
  const span = (times.at(-1)?.value ?? value) - (times[0]?.value ?? value);
  const date = new Date(value);
  if (span < DAY_MS) return date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const day = { month: 'short', day: 'numeric' } as const;
  return date.toLocaleString([], span < 7 * DAY_MS ? { ...day, hour: 'numeric' } : day);
}
