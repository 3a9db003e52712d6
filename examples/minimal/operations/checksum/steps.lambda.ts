/** Runs the step of `checksum`. */
import { crc32 } from '@node-rs/crc32';
import { stepHandler } from 'mcp-async-operations/steps';
import { checksum } from './operation.ts';

export const handler = stepHandler(checksum, {
  compute: async ({ input }) => ({ crc32: crc32(input.text).toString(16).padStart(8, '0') }),
});
