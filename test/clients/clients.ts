/** Lists the foreign clients: where each comes from, and what it cannot do through a fault of its own. */
import type { Check } from './scenario.ts';
import { go, java, node, python, rust, type Toolchain } from './toolchains.ts';

export interface ForeignClient {
  /** Name of its package, as its registry has it. */
  readonly name: string;
  readonly language: 'Python' | 'TypeScript' | 'Go' | 'Rust' | 'Java';
  readonly toolchain: Toolchain;
  /** Seconds for which it listens to a call. @default 20 */
  readonly longestWait?: number;
  /** What its row cannot show. */
  readonly note?: string;
  /** Faults of the client, by the check that fails. */
  readonly faults?: Readonly<Partial<Record<Check, Fault>>>;
}

export interface Fault {
  readonly reason: string;
  /** URL of its issue; absent when none is known. */
  readonly issue?: string;
}

export const clients: readonly ForeignClient[] = [
  { name: 'mcp', language: 'Python', toolchain: python('mcp_v1.py', 'mcp-1') },
  { name: 'mcp', language: 'Python', toolchain: python('mcp_v2.py', 'mcp-2') },
  {
    name: 'mcp',
    language: 'Python',
    toolchain: python('mcp_v1_8.py', 'mcp-1.8'),
    note: 'of May 2025: texts alone, no sign-in',
  },
  {
    name: 'fastmcp',
    language: 'Python',
    toolchain: python('fastmcp_tasks_client.py', 'fastmcp'),
    note: 'events: through its interface for extensions, because no release has `fastmcp.experimental.events`',
  },
  {
    name: 'langchain-mcp-adapters',
    language: 'Python',
    toolchain: python('langchain_tools.py', 'langchain-mcp-adapters'),
  },
  {
    name: 'openai-agents',
    language: 'Python',
    toolchain: python('openai_agents.py', 'openai-agents'),
    // Its default time limit is 5 s.
    longestWait: 3,
    note: 'waits 5 s; `answer_job` has no strict schema, since its answers are an open object',
  },
  {
    name: 'pydantic-ai',
    language: 'Python',
    toolchain: python('pydantic_ai_toolset.py', 'pydantic-ai'),
  },
  { name: 'modelcontextprotocol/go-sdk', language: 'Go', toolchain: go('gosdk') },
  {
    name: 'mark3labs/mcp-go',
    language: 'Go',
    toolchain: go('mcpgo'),
    note: 'follows a job as a task of 2025-11-25: its `CallTool` refuses a result that has a task',
  },
  { name: 'rmcp', language: 'Rust', toolchain: rust },
  {
    name: 'io.modelcontextprotocol.sdk:mcp',
    language: 'Java',
    toolchain: java,
    // Its default time limit is 20 s.
    longestWait: 15,
    note: 'waits 20 s; its host [signs in](https://github.com/modelcontextprotocol/java-sdk/pull/297)',
  },
  {
    name: '@modelcontextprotocol/sdk',
    language: 'TypeScript',
    toolchain: node('sdk-1.11.mjs', '@modelcontextprotocol/sdk@1.11.5'),
    note: 'of May 2025: it knows no [authorization server of its own](https://github.com/modelcontextprotocol/typescript-sdk/pull/503)',
  },
  {
    name: '@modelcontextprotocol/inspector',
    language: 'TypeScript',
    toolchain: node('inspector.mjs', '@modelcontextprotocol/inspector@2.12.0'),
    note: 'its command line: tools of 2025-11-25, and tasks of 2026-07-28',
  },
  {
    name: 'mcp-remote',
    language: 'TypeScript',
    toolchain: node('mcp-remote.mjs', 'mcp-remote@0.15.1', '@modelcontextprotocol/sdk@1.32.2'),
    note: 'the bridge for hosts that only start programs, behind the official SDK',
  },
  {
    name: '@openai/codex',
    language: 'Rust',
    toolchain: node('codex.mjs', '@openai/codex@0.171.0'),
    note: 'its app server, without a model; signs in by registration, where it would give its metadata document; subscribes to events of hosted apps only',
  },
];
