/** The official suite against the local cloud, with the fixture tools that it calls. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalCloud } from '../../local/cloud.ts';
import { modern } from '../support/rpc.ts';
import { synthesizeSource } from '../support/synthesize-source.ts';
import { testStreamingElicitation } from './catalogue/test-streaming-elicitation/operation.ts';
import { judge, Verdict } from './expectations.ts';
import { REVISIONS, runSuite, type ScenarioResult } from './suite.ts';

export async function runConformance(): Promise<readonly ScenarioResult[]> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-app-'));
  try {
    const assemblyDirectory = await synthesizeSource(directory, 'test/conformance/app.ts');
    const cloud = await startLocalCloud({ assemblyDirectory });
    try {
      // The suite gives this one call a second, which on a busy machine is too short for a cold start.
      await modern(cloud, 'tools/call', { name: testStreamingElicitation.name, arguments: {} });
      const results: ScenarioResult[] = [];
      for (const revision of REVISIONS) {
        for (const result of await runSuite(`${cloud.url}/mcp`, revision)) {
          const isFailed = judge(result).verdict === Verdict.failed;
          // The suite gives some calls a second: a scenario that fails on a busy machine runs once more.
          const again = isFailed ? await runSuite(`${cloud.url}/mcp`, revision, result.scenario) : [result];
          results.push(...again);
        }
      }
      return results;
    } finally {
      await cloud.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
