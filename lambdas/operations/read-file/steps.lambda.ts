/** The function behind the operation `read_file`. */
import { stepHandler } from '../../runner/step-handler.ts';
import { readFile } from './operation.ts';
import { read } from './read.ts';

export const handler = stepHandler(readFile, { read });
