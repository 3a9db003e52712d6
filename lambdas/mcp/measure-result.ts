/** Estimates how much of a model's context a tool result takes. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import { addMetric } from '../shared/observability/metrics.ts';

/** A usual estimate for English and JSON: tokenizers differ by a quarter. */
const BYTES_PER_TOKEN = 4;

/** Counts the texts of a result, which most clients show to their model. @returns the result */
export function measureResult(result: CallToolResult): CallToolResult {
  const bytes = result.content.reduce(
    (sum, block) => sum + (block.type === 'text' ? Buffer.byteLength(block.text) : 0),
    0,
  );
  addMetric('ResultTokens', Math.ceil(bytes / BYTES_PER_TOKEN));
  return result;
}
