/** Writes the reference of tools from what `tools/list` returns. */
import type * as z from 'zod';
import { type OperationDefinition, toolNameOf } from '../../lambdas/definition/operation-definition.ts';
import { toolSchema } from '../../lambdas/definition/tool-schema.ts';
import type { Tool } from '../../lambdas/mcp/tool.ts';
import { createTools } from '../../lambdas/mcp/tools/index.ts';
import { chooseSamples } from '../../lambdas/operations/choose-samples.ts';
import { operations } from '../../lambdas/operations/index.ts';
import { ApiSchemas } from './http-api/schemas.ts';
import { type JsonSchema, SchemaCollection } from './json-schema.ts';
import { code, generatedFrom, table } from './markdown.ts';
import { schemaTable } from './schema-table.ts';
import {
  argumentMeanings,
  argumentTexts,
  listingResult,
  resultMeanings,
  resultOf,
  returnsJob,
  startedJob,
} from './tool-results.ts';

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
  const files = deployed.find((one) => one.listing?.toolName === name)?.listing;
  return [
    `## ${name}`,
    `${listing.title}. ${listing.description}`,
    'Arguments:',
    schemaTable(listing.inputSchema as JsonSchema, {
      name: 'Argument',
      meaning: (path, text) =>
        argumentTexts[`${name}.${path}`] ?? argumentTexts[path] ?? withMeaning(text, path),
    }),
    ...(operation
      ? ofOperation(operation, name)
      : ofEngine(name, files ? listingResult(files.items) : resultOf(name))),
  ].join('\n\n');
}

/** A tool in mode `job` returns the job, and `check_job` the result of the operation. */
function ofOperation({ execution, output }: OperationDefinition, tool: string): readonly string[] {
  const result = output ? [resultTable(output, tool)] : [];
  if (execution.mode === 'sync') return ['Result:', ...result];
  const started =
    execution.mode === 'job'
      ? 'Result: [the started job](#a-started-job).'
      : 'Result: that of the operation, or [the started job](#a-started-job).';
  return [started, ...(output ? ['Result of the operation, in the job:', ...result] : [])];
}

/** A listing often has only the default of an argument. */
function withMeaning(text: string, path: string): string {
  if (text !== '' && !text.startsWith('Default:')) return text;
  return `${argumentMeanings[path] ?? ''} ${text}`.trim();
}

function resultTable(output: z.ZodType, tool: string): string {
  return schemaTable(toolSchema(output, 'output').schema as JsonSchema, {
    isResponse: true,
    meaning: (path, text) => text || (resultMeanings[`${tool}.${path}`] ?? ''),
  });
}

function ofEngine(tool: string, result: z.ZodObject | undefined): readonly string[] {
  if (!result) return [];
  const isEmpty = Object.keys(result.shape).length === 0;
  if (!returnsJob.has(tool)) return ['Result:', tableOf(result)];
  const job = 'Result: the job, as [`check_job`](#check_job) returns it without `include`';
  return isEmpty ? [`${job}.`] : [`${job}, and:`, tableOf(result)];
}

/** Schemas of the HTTP API are links. */
const { texts } = new ApiSchemas(undefined, 'http-api.md');

function tableOf(schema: z.ZodType): string {
  return schemaTable(new SchemaCollection('#/').convert(schema), { ...texts, isResponse: true });
}
