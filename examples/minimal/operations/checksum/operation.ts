/** Defines `checksum`: one step that uses a native module. */
import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';

export const checksum = defineOperation({
  name: 'checksum',
  description: 'Computes the CRC-32 checksum of a text. Use it to compare texts.',
  input: z.object({ text: z.string().max(10_000) }),
  output: z.object({ crc32: z.string() }),
  steps: { compute: {} },
  resources: { packages: ['@node-rs/crc32'] },
});
