/** Shows the trace of a job: a link to X-Ray where it keeps the trace, else the id to search for. */
import type { TraceView } from '../shared/job.ts';

export function Trace({ trace: { trace_id, url } }: { readonly trace: TraceView }) {
  if (url === undefined) return <code>{trace_id}</code>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      <code title={trace_id}>{trace_id.slice(0, 8)}</code>
    </a>
  );
}
