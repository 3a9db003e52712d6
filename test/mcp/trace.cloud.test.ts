/** Tests that a trace goes from a client's request over the job and its steps to the webhook, and who can break it. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../support/recording-receiver.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { connect } from '../support/test-cloud.ts';

const PARENT = '00f067aa0ba902b7';
/** Each test has a trace of its own. */
const traceOf = (digit: string) => `00-${digit.repeat(32)}-${PARENT}-01`;

interface Line {
  readonly function: string;
  readonly trace_id?: string;
  readonly job_id?: string;
  readonly text: string;
}

let cloud: LocalCloud;
let client: Client;
let receiver: RecordingReceiver;
const lines: Line[] = [];

beforeAll(async () => {
  cloud = await sharedCloud('test', {
    onLog: (name, text) => {
      if (text.startsWith('{')) lines.push({ ...JSON.parse(text), function: name, text });
    },
  });
  client = await connect(cloud);
  receiver = await startRecordingReceiver();
});
afterAll(async () => {
  receiver.close();
  await client.close();
});

interface Seen {
  readonly jobId: string;
  /** What the step got. */
  readonly step: string;
  /** What the receiver got. */
  readonly webhook: Readonly<Record<string, string>>;
  /** What the API shows. */
  readonly trace: { readonly trace_id: string; readonly url?: string };
}

/** Runs a job to its end. */
async function follow(
  by: Client,
  _meta: Record<string, unknown> = {},
  name = 'start_probe',
  args: object = { behaviour: 'trace' },
): Promise<Seen> {
  const { structuredContent } = await by.callTool({
    name,
    arguments: { ...args, wait_seconds: 20, job_options: { callback_url: receiver.url } },
    _meta,
  });
  // biome-ignore lint/suspicious/noExplicitAny: checked field by field
  const { job_id: jobId, result } = structuredContent as any;
  const { headers } = await receiver.find(
    ({ json }) => json.data?.job_id === jobId && json.type === 'job.completed',
  );
  const response = await fetch(new URL(`/jobs/${jobId}`, cloud.url));
  const { trace } = (await response.json()) as { trace: Seen['trace'] };
  return { jobId, step: result.padding ?? result.text, webhook: headers, trace };
}

/** A client whose transport sends these headers. */
async function connectWith(headers: Record<string, string>): Promise<Client> {
  const other = new Client({ name: 'test', version: '1.0.0' });
  const url = new URL('/mcp', cloud.url);
  await other.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  return other;
}

const idOf = (traceparent = '') => traceparent.split('-')[1];
const parentOf = (traceparent = '') => traceparent.split('-')[2];

test('a trace in _meta reaches the step and the webhook, with another parent', async () => {
  const traceparent = traceOf('1');
  const { jobId, step, webhook, trace } = await follow(client, { traceparent, tracestate: 'vendor=1' });
  for (const seen of [step, webhook.traceparent]) {
    expect(idOf(seen)).toBe(idOf(traceparent));
    expect(parentOf(seen)).not.toBe(PARENT);
    expect(seen).toMatch(/-01$/);
  }
  expect(webhook.tracestate).toBe('vendor=1');
  // There is no X-Ray here.
  expect(trace).toEqual({ trace_id: idOf(traceparent) });
  const functions = new Set(
    lines.filter((line) => line.trace_id === idOf(traceparent)).map((line) => line.function),
  );
  // Of the MCP endpoint, the steps and the deliveries at least.
  expect(functions.size).toBeGreaterThanOrEqual(3);
  expect(lines.filter((line) => line.job_id === jobId).map((line) => line.trace_id)).toContain(
    idOf(traceparent),
  );
});

test('a trace in a header of the request counts when _meta has none', async () => {
  const byHeader = await connectWith({ traceparent: traceOf('2'), tracestate: 'vendor=2' });
  const ofHeader = await follow(byHeader);
  expect(idOf(ofHeader.webhook.traceparent)).toBe(idOf(traceOf('2')));
  expect(ofHeader.webhook.tracestate).toBe('vendor=2');
  const ofMeta = await follow(byHeader, { traceparent: traceOf('3') });
  expect(idOf(ofMeta.webhook.traceparent)).toBe(idOf(traceOf('3')));
  expect(ofMeta.webhook.tracestate).toBeUndefined();
  await byHeader.close();
});

test('a request without a trace begins one', async () => {
  const [one, another] = [await follow(client), await follow(client)];
  expect(one.webhook.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(idOf(one.step)).toBe(idOf(one.webhook.traceparent));
  expect(one.trace.trace_id).toBe(idOf(one.webhook.traceparent));
  expect(one.trace.trace_id).not.toBe(another.trace.trace_id);
});

test('a step in a sandbox has the trace, and so have the lines of its function', async () => {
  const traceparent = traceOf('4');
  const args = { behaviour: 'trace', text: 'throw' };
  const { step } = await follow(client, { traceparent }, 'start_confined', { ...args, text: '' });
  expect(idOf(step)).toBe(idOf(traceparent));
  await client.callTool({
    name: 'start_confined',
    arguments: { ...args, wait_seconds: 20 },
    _meta: { traceparent },
  });
  const ofSandbox = lines.filter((line) => /Sandbox/.test(line.function) && line.text.includes('unexpected'));
  expect(ofSandbox.map((line) => line.trace_id)).toContain(idOf(traceparent));
});

test.each([
  ['an escape sequence', `\u001b[2J${traceOf('5')}`],
  ['another version', `ff${traceOf('5').slice(2)}`],
  ['zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['an object', { toString: 'x' }],
  ['a long text', '5'.repeat(100_000)],
])('a hostile trace with %s begins a new one, and no line repeats it', async (_, traceparent) => {
  const { webhook, trace } = await follow(client, {
    traceparent,
    tracestate: 'a=\r\nhostile: header',
    baggage: 'secret=hunter2',
  });
  expect(webhook.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(trace.trace_id).toBe(idOf(webhook.traceparent));
  expect(webhook).not.toHaveProperty('tracestate');
  expect(JSON.stringify(webhook)).not.toMatch(/hunter2|hostile/);
  expect(lines.filter(({ text }) => /hunter2|hostile|55555/.test(text))).toEqual([]);
});

test('a retry has the trace of its own request', async () => {
  const { jobId } = await follow(client, { traceparent: traceOf('6') });
  const response = await fetch(new URL(`/jobs/${jobId}/retry`, cloud.url), {
    method: 'POST',
    headers: { traceparent: traceOf('7'), 'content-type': 'application/json' },
    body: JSON.stringify({ from_step: 'act' }),
  });
  const { job_id } = (await response.json()) as { job_id: string };
  const { headers } = await receiver.find(({ json }) => json.data?.job_id === job_id);
  expect(idOf(headers.traceparent)).toBe(idOf(traceOf('7')));
});
