/** What could be taken away: the actions that roles were granted and have not used. */
import type { RolePermissions } from './usage.ts';

/** @returns by the role's name, sorted; an action that was used on one of its resources is not among them. */
export function unusedActions(
  roles: readonly RolePermissions[],
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    roles.map(({ role, granted, unused }) => {
      const isUsed = (action: string) =>
        granted.some(
          (one) =>
            one.action === action &&
            !unused.some((other) => other.action === action && other.resource === one.resource),
        );
      const actions = new Set(unused.map(({ action }) => action).filter((action) => !isUsed(action)));
      return [role, [...actions].sort()];
    }),
  );
}
