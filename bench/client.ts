/** Creates the MCP client of the benchmarks. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** The fields of a job result that the benchmarks read. */
export interface JobResult {
  readonly job_id: string;
  readonly status: string;
  readonly created_at: string;
  readonly ended_at?: string;
}

/** Longer than the client's default of a minute, because a call may wait behind all others of a burst. */
const CALL_TIMEOUT_MS = 120_000;

export class BenchClient {
  readonly #client = new Client(
    { name: 'bench', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );

  /** @param url of the MCP endpoint */
  static async connect(url: URL): Promise<BenchClient> {
    const bench = new BenchClient();
    await bench.#client.connect(new StreamableHTTPClientTransport(url));
    return bench;
  }

  /** Calls a tool. @throws Error when the tool fails: a benchmark of failures measures nothing */
  async call(name: string, args: Readonly<Record<string, unknown>> = {}): Promise<JobResult> {
    const { isError, structuredContent } = await this.#client.callTool(
      { name, arguments: args },
      { timeout: CALL_TIMEOUT_MS },
    );
    if (isError) throw new Error(`${name} failed: ${JSON.stringify(structuredContent)}`);
    return structuredContent as unknown as JobResult;
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
