/** Measures the tokens that one build adds to a model's context: output at once, polling, waiting and webhook. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { startDemoReceiver } from '../local/cli/demo-receiver.ts';
import { uploadProject } from '../local/cli/upload-project.ts';
import { type LocalCloud, startLocalCloud } from '../local/cloud.ts';
import { startRecordingReceiver } from '../test/support/recording-receiver.ts';
import { synthesizeSource } from '../test/support/synthesize-source.ts';
import { awsClients } from '../test/support/test-cloud.ts';
import type { Row } from './measure.ts';

/** Output of a project with 300 modules: one line for each compiled module, and one for each of its 900 tests. */
const MODULES = 300;
const TESTS = 900;
/** Duration of each script. A client polls a job about every two seconds. */
const SCRIPT_MS = 12_000;
/** The project's goal is that jobs save 80 % of the tokens of output at once. This limit is for a client that waits. */
const MAX_WAITING_SHARE = 0.05;
/** Limit for a build of any length whose owner is notified: the model starts it, ends its turn, and looks once at its end. */
const MAX_NOTIFIED_TOKENS = 150;
/** Limits for one poll, as clients show it that show the model only the structure. The id of a job takes half of the first. */
const MAX_POLL_TOKENS: Readonly<Record<string, number>> = { running: 60, completed: 200 };

/** Counts the tokens of a conversation: what the model writes and what it reads. */
class Conversation {
  readonly #client: Client;
  calls = 0;
  /** Arguments and result texts, which every client shows. */
  tokens = 0;
  /** The same with structured content, which some clients also show. */
  tokensWithStructure = 0;
  /** Tokens of the longest poll by the status of the job, as structured content alone. */
  readonly polls: Record<string, number> = {};

  constructor(client: Client) {
    this.#client = client;
  }

  async call(name: string, args: Readonly<Record<string, unknown>>) {
    const { isError, content, structuredContent } = await this.#client.callTool({ name, arguments: args });
    if (isError) throw new Error(`${name} failed: ${JSON.stringify(structuredContent)}`);
    const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
    const shown = countTokens(`${name} ${JSON.stringify(args)}`) + countTokens(text);
    this.calls += 1;
    this.tokens += shown;
    const structure = countTokens(JSON.stringify(structuredContent));
    this.tokensWithStructure += shown + structure;
    // biome-ignore lint/suspicious/noExplicitAny: results are read field by field
    const result = structuredContent as any;
    if (name === 'check_job') this.polls[result.status] = Math.max(structure, this.polls[result.status] ?? 0);
    return result;
  }
}

const PROJECT = { project: 'chatty' };
const POLLED = 'job, polled every two seconds';
const NOTIFIED = 'job, notified by a webhook of its owner';

const WAYS: Readonly<Record<string, (conversation: Conversation, cloud: LocalCloud) => Promise<string>>> = {
  async [POLLED](conversation) {
    let job = await conversation.call('start_build', PROJECT);
    const { job_id, poll_after_ms } = job;
    while (job.status !== 'completed') {
      await delay(poll_after_ms);
      job = await conversation.call('check_job', { job_id });
    }
    return job_id;
  },
  async 'job, waiting with wait_seconds'(conversation) {
    let job = await conversation.call('start_build', { ...PROJECT, wait_seconds: 30 });
    const { job_id } = job;
    while (job.status !== 'completed')
      job = await conversation.call('check_job', { job_id, wait_seconds: 30 });
    return job_id;
  },
  async 'job, with a webhook'(conversation, cloud) {
    const receiver = await startDemoReceiver(cloud);
    const { job_id } = await conversation.call('start_build', {
      ...PROJECT,
      job_options: { callback_url: receiver.url },
    });
    await receiver.received;
    receiver.close();
    await conversation.call('check_job', { job_id });
    return job_id;
  },
  // Last: its endpoint changes what the starts of the other ways say.
  async [NOTIFIED](conversation, cloud) {
    const receiver = await startRecordingReceiver();
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ url: receiver.url });
    await fetch(new URL('/endpoints', cloud.url), { method: 'POST', headers, body });
    const { job_id, next } = await conversation.call('start_build', PROJECT);
    if (!/^You may end your turn/.test(next)) throw new Error(`The start does not say so: ${next}`);
    await receiver.find(({ json }) => json.type === 'job.completed' && json.data.job_id === job_id, 120_000);
    receiver.close();
    await conversation.call('check_job', { job_id });
    return job_id;
  },
};

export async function contextTokens(scratch: string): Promise<readonly Row[]> {
  const cloud = await startLocalCloud({
    assemblyDirectory: await synthesizeSource(join(scratch, 'context')),
    allowLoopbackWebhooks: true,
  });
  const client = new Client({ name: 'bench', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', cloud.url)));
  try {
    await addProject(cloud, scratch);
    const conversations: Record<string, Conversation> = {};
    let jobId = '';
    for (const [way, take] of Object.entries(WAYS)) {
      const conversation = new Conversation(client);
      jobId = await take(conversation, cloud);
      conversations[way] = conversation;
    }
    const atOnce =
      countTokens(`build ${JSON.stringify(PROJECT)}`) + countTokens(await wholeOutput(client, jobId));
    return [
      { what: 'context: a build with its whole output', value: atOnce, unit: 'tokens' },
      ...Object.entries(conversations).flatMap(([way, { calls, tokens, tokensWithStructure }]) => [
        {
          what: `context: ${way}, ${calls} calls`,
          value: tokens,
          unit: 'tokens',
          ...(way === NOTIFIED && { limit: MAX_NOTIFIED_TOKENS }),
        },
        share(`context: ${way}, relative to the whole output`, tokens / atOnce, way.includes('wait_seconds')),
        share(
          `context: ${way}, in clients that also show the structure`,
          tokensWithStructure / atOnce,
          false,
        ),
      ]),
      ...Object.entries(MAX_POLL_TOKENS).map(([status, limit]) => ({
        what: `context: one poll of a ${status} build, as structured content`,
        // Without such a poll nothing was measured.
        value: conversations[POLLED]?.polls[status] ?? Number.POSITIVE_INFINITY,
        unit: 'tokens',
        limit,
      })),
    ];
  } finally {
    await client.close();
    await cloud.close();
  }
}

function share(what: string, value: number, isLimited: boolean): Row {
  return {
    what,
    value: Number(value.toFixed(3)),
    unit: '×',
    ...(isLimited && { limit: MAX_WAITING_SHARE }),
  };
}

/** Returns the output of a tool that returns everything: the logs of all steps, and the result. */
async function wholeOutput(client: Client, jobId: string): Promise<string> {
  let output = '';
  for (let uri = `job://${jobId}/log`; uri !== ''; ) {
    const { contents } = await client.readResource({ uri });
    const [part, more] = contents;
    output += part && 'text' in part ? part.text : '';
    uri = more?.uri ?? '';
  }
  const { contents } = await client.readResource({ uri: `job://${jobId}/result` });
  const [result] = contents;
  return output + (result && 'text' in result ? result.text : '');
}

/** Uploads a project without dependencies, whose scripts print like a compiler and a test runner. */
async function addProject(cloud: LocalCloud, scratch: string): Promise<void> {
  const directory = await mkdtemp(join(scratch, 'chatty-'));
  await mkdir(join(directory, 'scripts'));
  const lines = (count: number, line: string) => `
const count = ${count};
let index = 0;
const timer = setInterval(() => {
  for (let more = Math.ceil(count / 100); more > 0 && index < count; more -= 1, index += 1) console.log(${line});
  if (index >= count) clearInterval(timer);
}, ${SCRIPT_MS / 100});
`;
  const compiled =
    "'[' + (index + 1) + '/' + count + '] src/modules/module-' + index + '.ts -> dist/modules/module-' + index + '.js'";
  const tested =
    "'  \u2713 module-' + (index % 300) + ' answers as it should in case ' + index + ' (' + ((index % 11) + 1) + ' ms)'";
  const scripts = { build: 'node scripts/build.js', test: 'node scripts/test.js' };
  await writeFile(
    join(directory, 'package.json'),
    JSON.stringify({ name: 'chatty', version: '1.0.0', scripts }),
  );
  await writeFile(join(directory, 'scripts', 'build.js'), lines(MODULES, compiled));
  await writeFile(join(directory, 'scripts', 'test.js'), lines(TESTS, tested));
  const { s3 } = awsClients(cloud);
  await uploadProject(s3, cloud.outputs.WorkspaceBucketName ?? '', directory, PROJECT.project);
  s3.destroy();
  await rm(directory, { recursive: true });
}
