/** Shows lines of a log. */

import { headingOf, type LogBlock, type LogLine, type LogState, openLine } from './log-buffer.ts';
import { memo } from './memo.ts';
import './log-lines.css';

export function LogLines({ log }: { readonly log: LogState }) {
  const last = openLine(log);
  return (
    <div class="log-lines">
      {log.blocks.map((block) => (
        <Block key={block.id} block={block} />
      ))}
      {last && <Line line={last} />}
    </div>
  );
}

/** A block that is full never renders again. */
const Block = memo(({ block }: { readonly block: LogBlock }) => (
  <div class="log-block">
    {block.lines.map((line) => (
      <Line key={line.number} line={line} />
    ))}
  </div>
));

function Line({ line: { text, cut } }: { readonly line: LogLine }) {
  const heading = headingOf(text);
  return (
    <div class={heading ? `log-line log-${heading}` : 'log-line'} dir="auto">
      {text === '' ? '\u00a0' : text}
      {cut > 0 && <span class="log-cut"> … {cut.toLocaleString('en')} more characters, in the file</span>}
    </div>
  );
}
