/** Checks what clients see of every tool: schemas that they all compile, names, and few tokens. */
import { RE2JS } from 're2js';
import { MAX_LIST_TOKENS, toolListTokens } from '../../bench/tool-list.ts';
import { ENGINE_TOOLS } from '../../lambdas/definition/engine-tools.ts';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import { unportablePart } from '../../lambdas/definition/portable-pattern.ts';
import { createTools } from '../../lambdas/mcp/tools/index.ts';
import { operations as samples } from '../../lambdas/operations/index.ts';
import { operations as conformance } from '../conformance/catalogue/index.ts';
import { operations as fixtures } from '../fixtures/catalogue/index.ts';

const toolsOf = (operations: readonly OperationDefinition[]) => createTools({ operations } as never);
const catalogues: readonly (readonly [string, readonly OperationDefinition[]])[] = [
  ['the samples', samples],
  ['the tests', fixtures],
  ['the conformance suite', conformance],
];
const listed = catalogues.flatMap(([catalogue, operations]) =>
  toolsOf(operations).map(({ name, listing }) => ({ catalogue, name, listing })),
);

/** Visits every value of a schema with its key. */
function visit(value: unknown, see: (key: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, one] of Object.entries(value)) {
    see(key, one);
    visit(one, see);
  }
}

test.each(listed)('every client compiles the schemas of $name, of $catalogue', ({ listing }) => {
  visit([listing.inputSchema, listing.outputSchema], (key, value) => {
    expect(key).not.toMatch(/^(\$ref|\$defs|\$schema|definitions|patternProperties)$/);
    if (key !== 'pattern' || typeof value !== 'string') return;
    // RE2JS refuses what Go refuses, and `unportablePart` what Rust's crate regex and Python refuse.
    RE2JS.compile(value);
    expect(unportablePart(value)).toBeUndefined();
  });
  expect(listing.inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
});

test.each(toolListTokens().filter(({ limit }) => limit !== undefined))(
  '$what has at most 2,500 tokens',
  ({ value }) => {
    expect(value).toBeLessThanOrEqual(MAX_LIST_TOKENS);
  },
);

test('only tools that return the result of an operation have an output schema: it admits failures and more fields', () => {
  const withOutput = toolsOf(samples).filter(({ listing }) => listing.outputSchema);
  expect(withOutput.map(({ name }) => name)).toEqual(['read_project_file']);
  expect(withOutput[0]?.listing.outputSchema).toEqual({
    type: 'object',
    anyOf: [
      expect.not.objectContaining({ additionalProperties: expect.anything() }),
      expect.objectContaining({ required: ['error'] }),
    ],
  });
});

test('annotations say what differs from the defaults of MCP', () => {
  const annotations = Object.fromEntries(
    toolsOf(samples).map(({ name, listing }) => [name, listing.annotations]),
  );
  expect(annotations).toMatchObject({
    start_build: { readOnlyHint: false, idempotentHint: true },
    start_call_api: { readOnlyHint: false },
    start_deploy: { readOnlyHint: false, openWorldHint: false },
    search_project: { readOnlyHint: true, openWorldHint: false },
  });
  expect(annotations.search_project).not.toHaveProperty('destructiveHint');
});

test('the rare arguments of a job are in job_options; those of earlier callers are not listed', () => {
  const build = toolsOf(samples).find(({ name }) => name === 'start_build');
  expect(Object.keys(build?.listing.inputSchema.properties ?? {})).toEqual([
    'project',
    'wait_seconds',
    'job_options',
  ]);
  expect(build?.listing.inputSchema.properties?.job_options).toMatchObject({
    properties: {
      idempotency_key: { type: 'string' },
      retention_seconds: { type: 'integer' },
      callback_url: { type: 'string' },
      callback_events: { type: 'array', items: { type: 'string' } },
    },
  });
});

test('earlier names of tools are accepted and not listed', () => {
  const tools = toolsOf(samples);
  const aliases = Object.fromEntries(tools.map(({ name, aliases }) => [name, aliases]));
  expect(aliases).toMatchObject({
    search_project: ['search'],
    read_project_file: ['read_file'],
    import_project: ['start_download'],
    start_build: [],
  });
  expect(tools.map(({ name }) => name)).not.toContain('search');
});

test('operations that share a listing give one tool', () => {
  const names = toolsOf(samples).map(({ name }) => name);
  expect(names.filter((name) => name === 'list_projects')).toHaveLength(1);
  expect(toolsOf(fixtures).map(({ name }) => name)).not.toContain('list_projects');
});

test('the names that operations cannot use include those of every tool of the engine', () => {
  expect(ENGINE_TOOLS).toEqual(expect.arrayContaining(toolsOf([]).map(({ name }) => name)));
});
