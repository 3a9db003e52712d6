/** Runs the step of `search`. */
import { stepHandler } from 'mcp-async-operations/steps';
import { search } from './operation.ts';
import { search as searchStep } from './search.ts';

export const handler = stepHandler(search, { search: searchStep });
