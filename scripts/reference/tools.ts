/** Writes the reference of tools from what `tools/list` returns. */
import type * as z from 'zod';
import { type OperationDefinition, toolNameOf } from '../../lambdas/definition/operation-definition.ts';
import { toolSchema } from '../../lambdas/definition/tool-schema.ts';
import type { Tool } from '../../lambdas/mcp/tool.ts';
import { createTools } from '../../lambdas/mcp/tools/index.ts';
import { chooseSamples } from '../../lambdas/operations/choose-samples.ts';
import { operations } from '../../lambdas/operations/index.ts';
import type { JsonSchema } from './json-schema.ts';
import { code, generatedFrom, table } from './markdown.ts';
import { schemaTable } from './schema-table.ts';
import { argumentMeanings, resultOf, startedJob } from './tool-results.ts';

export function toolsPage(): string {
  const names = chooseSamples(() => undefined);
  const deployed = operations.filter(({ name }) => names.includes(name));
  // A listing needs none of the other dependencies.
  const tools = createTools({ operations: deployed } as never);
  const engine = new Set(createTools({ operations: [] } as never).map(({ name }) => name));
  return `# Tools

${generatedFrom('the tools of the default catalogue')}

These are the tools of the sample catalogue. The engine's own tools exist in every deployment. The others come from operations: your own
catalogue has a tool for each of your operations instead. \`start_migrate\` and \`start_call_api\` need an option of the deployment.

${table(
  ['Tool', 'From', 'Reads only', 'Does'],
  tools.map(({ name, listing }) => [
    `[${code(name)}](#${name})`,
    engine.has(name) ? 'engine' : 'samples',
    listing.annotations?.readOnlyHint ? 'yes' : 'no',
    String(listing.description),
  ]),
)}

A failure is a result with \`isError: true\` and an \`error\`: see [errors](errors.md).

## A started job

A tool that starts a job returns:

${tableOf(startedJob)}

With \`wait_seconds\`, the tool waits for the end of the job, and returns what [\`check_job\`](#check_job) returns.

${tools.map((tool) => section(tool, deployed)).join('\n\n')}
`;
}

function section({ name, listing }: Tool, deployed: readonly OperationDefinition[]): string {
  const operation = deployed.find((one) => toolNameOf(one) === name);
  return [
    `## ${name}`,
    `${listing.title}. ${listing.description}`,
    'Arguments:',
    schemaTable(listing.inputSchema as JsonSchema, { name: 'Argument', meanings: argumentMeanings }),
    ...(operation ? ofOperation(operation) : ofEngine(name)),
  ].join('\n\n');
}

/** A tool in mode `job` returns the job, and `check_job` the result of the operation. */
function ofOperation({ execution, output }: OperationDefinition): readonly string[] {
  const result = output ? [tableOf(output)] : [];
  if (execution.mode === 'sync') return ['Result:', ...result];
  const started =
    execution.mode === 'job'
      ? 'Result: [the started job](#a-started-job).'
      : 'Result: that of the operation, or [the started job](#a-started-job).';
  return [started, ...(output ? ['Result of the operation, in the job:', ...result] : [])];
}

function ofEngine(name: string): readonly string[] {
  const result = resultOf(name);
  return result ? ['Result:', tableOf(result)] : [];
}

function tableOf(schema: z.ZodType): string {
  return schemaTable(toolSchema(schema, 'output').schema as JsonSchema);
}
