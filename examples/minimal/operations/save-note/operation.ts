/** Defines `save_note`: two steps with a table and a secret of the app. */
import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';

export const saveNote = defineOperation({
  name: 'save_note',
  description: 'Signs a note and saves it. Returns the id of the note.',
  input: z.object({ text: z.string().min(1).max(10_000) }),
  output: z.object({ id: z.string(), signature: z.string() }),
  steps: { sign: { output: z.object({ signature: z.string() }), retries: 2 }, save: { retries: 2 } },
});
