/**
 * Runs `npm run clients [-- --only NAME]… [--mode open|auth]`: foreign clients against `npm start`, and prints the table of
 * docs/guides/clients.md. Its exit code is 1 when anything fails that is not a known fault of a client.
 */
import { parseArgs } from 'node:util';
import { endPrograms } from '../rehearsal/programs.ts';
import { EnvironmentUnavailable } from '../rehearsal/python-environment.ts';
import { clients, type ForeignClient } from './clients.ts';
import { CHECKS, type Observation, observe } from './scenario.ts';
import { type Service, startService } from './service.ts';
import { MODES, type Mode, type Row, table, unexpected } from './table.ts';
import type { Command } from './toolchains.ts';

/** Every client is the same owner, who may have five waits at once. */
const AT_ONCE = 2;
const LONGEST_WAIT = 20;

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true, default: [''] }, mode: { type: 'string' } },
});
const modes = MODES.filter((mode) => values.mode === undefined || values.mode === mode);
const chosen = clients.filter(({ name, language }) =>
  values.only.some((part) => `${name} ${language}`.toLowerCase().includes(part.toLowerCase())),
);
if (modes.length === 0 || chosen.length === 0)
  throw new Error(
    `No client or mode matches. Clients: ${clients.map(({ name }) => name).join(', ')}. Modes: ${MODES.join(', ')}.`,
  );

let service: Service | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => Promise.all([endPrograms(), service?.stop()]).then(() => process.exit(1)));

interface Prepared {
  readonly client: ForeignClient;
  readonly command?: Command;
  readonly skipped?: string;
  readonly observations: Partial<Record<Mode, Observation>>;
}

async function prepare(client: ForeignClient): Promise<Prepared> {
  try {
    return { client, command: await client.toolchain(), observations: {} };
  } catch (error) {
    if (!(error instanceof EnvironmentUnavailable)) throw error;
    console.log(`skip  ${client.name}: ${error.message}`);
    return { client, skipped: error.message, observations: {} };
  }
}

async function run(mode: Mode, prepared: readonly Prepared[]): Promise<void> {
  console.log(`Starting the service, ${mode === 'auth' ? 'with' : 'without'} --auth …`);
  const started = await startService({ auth: mode === 'auth' });
  service = started;
  const queue = [...prepared];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { client, command, observations } = next;
      if (!command) continue;
      const startedAt = Date.now();
      const project = `project-${prepared.indexOf(next)}`;
      await started.addProject(project);
      const longestWait = client.longestWait ?? LONGEST_WAIT;
      const seen = await observe(command, started, { project, longestWait });
      observations[mode] = seen;
      console.log(
        `${client.name} ${seen.ready?.version ?? ''} (${Math.round((Date.now() - startedAt) / 1000)} s)`,
      );
      for (const check of CHECKS) {
        const verdict = seen.verdicts.get(check);
        if (verdict?.outcome === 'failed') console.log(`  ${check}: ${verdict.detail}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await started.stop();
  service = undefined;
}

const prepared: Prepared[] = [];
for (const client of chosen) prepared.push(await prepare(client));
for (const mode of modes) await run(mode, prepared);
const rows: Row[] = prepared;
console.log(`\n${table(rows)}\n`);
const problems = rows.flatMap(unexpected);
const skipped = rows.filter((row) => row.skipped !== undefined).length;
for (const problem of problems) console.log(`FAIL  ${problem}`);
const failed = rows.filter((row) => unexpected(row).length > 0).length;
console.log(`${rows.length - skipped - failed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
