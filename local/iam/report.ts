/** Reports removable permissions: actions that a role was granted and has not used. */
import type { RolePermissions } from './usage.ts';

/** @returns sorted actions by role name, without actions that were used on at least one resource */
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
