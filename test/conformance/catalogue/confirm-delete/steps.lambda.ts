import * as z from 'zod';
import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { confirmDelete } from './operation.ts';

const consent = z.object({ confirm: z.boolean().describe('Whether to delete it.') });

export const handler = stepHandler(confirmDelete, {
  confirm: async ({ input: { filename }, call, requestInput }) => {
    call?.handOver(null);
    const { confirm } = requestInput({ confirm: { message: `Delete ${filename}?`, schema: consent } });
    const isConfirmed = confirm.action === 'accept' && confirm.content.confirm;
    return { text: isConfirmed ? `Deleted ${filename}` : `Kept ${filename}` };
  },
});
