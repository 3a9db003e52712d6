/** Provides slots without a limit, for tests of something else. */
import type { OwnerSlots } from '../../lambdas/shared/aws/owner-slots.ts';

export const freeSlots = {
  take: async () => async () => {},
  run: (_owner: string, _holdMs: number, action: () => Promise<unknown>) => action(),
} as unknown as OwnerSlots;
