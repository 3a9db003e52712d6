/** Measures the tokens of `tools/list`, by tool: what `npm start` lists, and what a model sees of all samples. */
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import type { Tool } from '../lambdas/mcp/tool.ts';
import { createTools } from '../lambdas/mcp/tools/index.ts';
import { chooseSamples } from '../lambdas/operations/choose-samples.ts';
import { operations } from '../lambdas/operations/index.ts';
import type { Row } from './measure.ts';

/** A host sends the list to its model with each request. */
export const MAX_LIST_TOKENS = 2_500;

/** Returns the rows of the bench. */
export function toolListTokens(): readonly Row[] {
  const names = chooseSamples(() => undefined);
  const byDefault = toolsOf((name) => names.includes(name));
  const all = toolsOf(() => true);
  return [
    ...all.map((tool) => ({ what: `tools/list: ${tool.name}`, value: listTokens([tool]), unit: 'tokens' })),
    {
      what: 'tools/list of npm start, as clients of 2025 receive it',
      value: listTokens(byDefault),
      unit: 'tokens',
      limit: MAX_LIST_TOKENS,
    },
    {
      what: 'tools/list of all samples, as a model sees it',
      value: shownTokens(all),
      unit: 'tokens',
      limit: MAX_LIST_TOKENS,
    },
  ];
}

function toolsOf(isDeployed: (name: string) => boolean): readonly Tool[] {
  // A listing needs none of the other dependencies.
  return createTools({ operations: operations.filter(({ name }) => isDeployed(name)) } as never);
}

/** Counts everything in the list: titles, annotations and output schemas too. */
function listTokens(tools: readonly Tool[]): number {
  const listed = tools.map(({ listing, start }) => ({
    ...listing,
    ...(start && { execution: { taskSupport: 'optional' } }),
  }));
  return countTokens(JSON.stringify(listed));
}

/** Counts what hosts pass on to a model: name, description and arguments. */
function shownTokens(tools: readonly Tool[]): number {
  const shown = tools.map(({ listing: { name, description, inputSchema } }) => ({
    name,
    description,
    inputSchema,
  }));
  return countTokens(JSON.stringify(shown));
}
