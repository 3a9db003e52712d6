/** Tests the card with the service: a host of MCP Apps reads its page, and the card starts, answers and cancels through it. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { getToolUiResourceUri, RESOURCE_MIME_TYPE } from '@modelcontextprotocol/ext-apps/app-bridge';
import { EXTENSION_ID } from '@modelcontextprotocol/ext-apps/server';
import { fieldsOf, readEntries } from '../../console/shared/question-fields.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { signedAs } from '../support/test-cloud.ts';
import { type CardHost, closeCards, openCard } from './card-host.ts';

let host: Client;

beforeAll(async () => {
  const cloud = await sharedCloud();
  host = new Client(
    { name: 'host', version: '1.0.0' },
    {
      capabilities: { extensions: { [EXTENSION_ID]: { mimeTypes: [RESOURCE_MIME_TYPE] } } },
      versionNegotiation: { mode: 'legacy' },
    },
  );
  await host.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', cloud.url), {
      requestInit: { headers: { authorization: signedAs('ada') } },
    }),
  );
});
afterEach(closeCards);
afterAll(async () => {
  await host.close();
});

/** Calls a tool as the model does, and opens the card with its result. */
async function start(name: string, args: Record<string, unknown> = {}): Promise<CardHost> {
  const result = await host.callTool({ name, arguments: args });
  const card = await openCard((call) => host.callTool({ name: call.name, arguments: call.args }));
  await card.bridge.sendToolInput({ arguments: args });
  await card.bridge.sendToolResult(result);
  return card;
}

const isIn =
  (status: string) =>
  ({ job }: ReturnType<CardHost['state']>) =>
    job?.status === status && job.isWhole;

test('the page is one file that loads nothing', async () => {
  const { tools } = await host.listTools();
  const uri = getToolUiResourceUri(tools.find(({ name }) => name === 'check_job') as never) ?? '';
  const { contents } = await host.readResource({ uri });
  const html = contents[0] && 'text' in contents[0] ? String(contents[0].text) : '';
  expect(html).toMatch(/^<!doctype html>/i);
  expect(html).toContain('<style>');
  // An empty style and script would show nothing.
  expect(html.length).toBeGreaterThan(20_000);
  expect(html).not.toMatch(/<(link|img|iframe)\b|\bsrc=|@import|url\(/);
});

test('follows a job to its end', async () => {
  const card = await start('start_four_steps');
  const { job } = await card.until(isIn('completed'));
  expect(job).toMatchObject({ operation: 'four_steps', progress: 1, result: { count: 4 } });
});

test('shows why a job failed, with its last lines and the file of its log', async () => {
  const card = await start('start_probe', { behaviour: 'fail' });
  const { job } = await card.until(isIn('failed'));
  expect(job).toMatchObject({
    subject: 'fail',
    error: {
      code: 'SCRIPT_FAILED',
      step: 'act',
      message: 'It was told to fail.',
      details: { exit_code: '7' },
    },
    lines: ['attempt 0'],
  });
  const name = job?.files[0]?.name ?? '';
  await card.controller.openFile(name);
  expect(card.opened).toEqual([expect.stringMatching(/^http/)]);
  const response = await fetch(card.opened[0] ?? '');
  expect(await response.text()).toContain('attempt 0');
});

test('answers the questions of a job with their forms', async () => {
  const card = await start('start_ask');
  const { job } = await card.until(isIn('input_required'));
  const entries = new Map([
    ['approve', [0]],
    ['colour', [1]],
  ]);
  for (const [key, request] of job?.requests ?? []) {
    const reading = readEntries(fieldsOf('schema' in request && request.schema), entries);
    if (!('content' in reading)) throw new Error(`No content for ${key}.`);
    await card.controller.answer(key, { action: 'accept', content: reading.content });
    expect(card.state().refusal).toBeUndefined();
  }
  expect((await card.until(isIn('completed'))).job?.result).toMatchObject({ colour: 'green' });
});

test('shows why an answer was refused, and takes the next', async () => {
  const card = await start('start_ask');
  await card.until(isIn('input_required'));
  await card.controller.answer('paint', { action: 'accept', content: { colour: 'blue' } });
  expect(card.state()).toMatchObject({
    refusal: {
      act: 'answer:paint',
      error: { code: 'INVALID_ARGUMENTS', message: expect.stringContaining('colour') },
    },
  });
  await card.controller.answer('approve', { action: 'decline' });
  await card.controller.answer('paint', { action: 'decline' });
  // The operation's own message.
  expect((await card.until(isIn('cancelled'))).job?.message).toBe('It may not: declined.');
});

test('cancels a job', async () => {
  const card = await start('start_probe', { behaviour: 'wait' });
  await card.until(({ job }) => job?.step === 'prepare');
  await card.controller.cancel();
  expect((await card.until(isIn('cancelled'))).job).toMatchObject({ operation: 'probe', subject: 'wait' });
});
