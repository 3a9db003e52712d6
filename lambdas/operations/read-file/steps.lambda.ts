/** Runs the step of `read_file`. */
import { stepHandler } from 'mcp-async-operations/steps';
import { readFile } from './operation.ts';
import { read } from './read.ts';

export const handler = stepHandler(readFile, { read });
