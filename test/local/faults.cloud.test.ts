/** Damaged files, a full disk and a second start: the local cloud ends or starts with a message, and loses nothing in silence. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startLocalCloud } from '../../local/cloud.ts';
import { awsClients } from '../support/test-cloud.ts';
import { Harness } from './fixture/harness.ts';

let harness: Harness;
/** The data of a cloud that was killed: its database still has its log. */
let killed: string;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'faults-'));
  killed = join(scratch, 'killed');
  harness = await Harness.start();
  await harness.dynamo.send(
    new PutItemCommand({ TableName: harness.table, Item: { id: { S: 'kept' }, owner: { S: 'me' } } }),
  );
  await harness.put('object', 'content');
  await harness.ended((await harness.startExecution('over', 'ok')).executionArn);
  cpSync(harness.dataDirectory, killed, { recursive: true });
});
afterAll(async () => {
  await harness.stop();
  rmSync(scratch, { recursive: true, force: true });
});

function start(dataDirectory: string) {
  return startLocalCloud({ assemblyDirectory: harness.assemblyDirectory, dataDirectory });
}

/** The first file whose path below the data directory matches. */
function find(dataDirectory: string, pattern: RegExp): string {
  const found = (readdirSync(dataDirectory, { recursive: true }) as string[]).find((path) =>
    pattern.test(path),
  );
  if (found === undefined) throw new Error(`No file matches ${pattern}.`);
  return join(dataDirectory, found);
}

const empty = (file: string) => truncateSync(file);
const fill = (file: string) => writeFileSync(file, Buffer.alloc(Math.max(5_000, statSync(file).size), 7));
/** The write-ahead log would mend the database. */
const fillDatabase = (file: string) => {
  rmSync(`${file}-wal`);
  fill(file);
};
const put = (text: string) => (file: string) => writeFileSync(file, text);
const remove = (file: string) => rmSync(file);

test.each<[string, RegExp, (file: string) => void, RegExp]>([
  ['an empty execution', /executions\/.*over\.json$/, empty, /over\.json is damaged .* delete it: its job/],
  [
    'an execution of another form',
    /executions\/.*over\.json$/,
    put('null'),
    /over\.json is damaged .* delete it: its job/,
  ],
  ['an execution without input', /executions\/.*over\.json$/, put('{"arn":"a"}'), /over\.json is damaged/],
  [
    'executions that are no directory',
    /executions$/,
    (at) => {
      rmSync(at, { recursive: true });
      writeFileSync(at, '');
    },
    /executions is damaged .*ENOTDIR/,
  ],
  ['empty secrets', /^secrets\.json$/, empty, /secrets\.json is damaged .* delete the data directory/],
  ['secrets of another form', /^secrets\.json$/, put('{"a":{"AWSCURRENT":1}}'), /secrets\.json is damaged/],
  ['an empty database of queues', /fauxqs\.db$/, empty, /fauxqs\.db is damaged \(it is empty\).* delete it/],
  [
    'a database of queues with other content',
    /fauxqs\.db$/,
    fillDatabase,
    /fauxqs\.db is damaged .* delete it/,
  ],
  [
    'the description of an object',
    /object\.meta\.json$/,
    empty,
    /object\.meta\.json is damaged .* delete it/,
  ],
  ['a cut off object', /object\.data$/, empty, /object\.meta\.json is damaged \(7 bytes expected.*has 0\)/],
  [
    'tables without their CURRENT file',
    /tables\/CURRENT$/,
    remove,
    /tables is damaged \(no CURRENT\).* delete/,
  ],
  ['tables with an empty CURRENT file', /tables\/CURRENT$/, empty, /tables is damaged .* delete/],
  ['tables with another manifest', /tables\/MANIFEST/, fill, /tables is damaged .* delete/],
  [
    'tables with another log',
    /tables\/.*\.log$/,
    fill,
    /tables is damaged .*dropping \d+ bytes.* start again without/,
  ],
  ['a lock that is another file', /^lock$/, fill, /lock is damaged .* Delete it/],
])('%s is named at the start, with the remedy', async (_what, pattern, damage, message) => {
  const data = join(scratch, 'damaged');
  rmSync(data, { recursive: true, force: true });
  cpSync(killed, data, { recursive: true });
  const file = find(data, pattern);
  damage(file);
  const error = await start(data).then(
    (cloud) => cloud.close(),
    (reason: Error) => reason,
  );
  expect(error).toMatchObject({ message: expect.stringMatching(message) });
  expect(error).toMatchObject({ message: expect.stringContaining(data) });
});

test('what a killed cloud leaves is no obstacle, and a write that was cut off is none', async () => {
  const data = join(scratch, 'restarted');
  cpSync(killed, data, { recursive: true });
  const execution = find(data, /executions\/.*over\.json$/);
  writeFileSync(`${execution}.RUNNING`, '');
  writeFileSync(join(data, 'secrets.json.new'), '');
  const cloud = await start(data);
  await cloud.close();
  expect(readdirSync(data, { recursive: true })).not.toContainEqual(expect.stringMatching(/\.RUNNING$/));
});

test('a second start on the same data is refused while the first runs', async () => {
  await expect(start(harness.dataDirectory)).rejects.toThrow(
    `Another local cloud uses ${harness.dataDirectory}: stop it, or choose another data directory (LOCAL_CLOUD_DIR).`,
  );
});

test.each([
  ['item', 'tables'],
  ['message', 'storage'],
  ['object', 'storage'],
])(
  'a disk that is full when it comes to the %s ends the cloud, and the next start has all that was acknowledged',
  async (what, directory) => {
    const data = join(scratch, `full-${what}`);
    const name = { item: harness.table, message: harness.queue, object: harness.bucket }[what] ?? '';
    const program = ['--conditions=mcp-async-operations-source', 'test/local/fixture/fill-disk.ts'];
    // Files of 1 MiB at most, in blocks of 512 bytes.
    const child = spawn(
      '/bin/sh',
      [
        '-c',
        'ulimit -f 2048; exec "$0" "$@"',
        process.execPath,
        ...program,
        harness.assemblyDirectory,
        data,
        what,
        name,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const [code] = await once(child, 'close');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      new RegExp(`${join(data, directory)} cannot be written .*Free space .*start the local cloud again`),
    );
    const acknowledged = Number(/acknowledged (\d+)\n$/.exec(stdout)?.[1]);
    expect(acknowledged).toBeGreaterThan(1);
    if (what !== 'item') return;

    const cloud = await start(data);
    const key = { id: { S: `item-${acknowledged}` } };
    const { dynamodb } = awsClients(cloud);
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName: harness.table, Key: key }));
    expect(Item).toMatchObject(key);
    dynamodb.destroy();
    await cloud.close();
  },
);
