/** Records which permissions of a role were used. */
import type { Role } from './roles.ts';
import type { Rule } from './statements.ts';

/** For grants, two patterns. For uses, an action and the resource pattern that allowed it. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
}

export interface RolePermissions {
  readonly role: string;
  readonly granted: readonly Permission[];
  readonly used: readonly Permission[];
  /** Granted permissions that no call has used. */
  readonly unused: readonly Permission[];
}

export class RoleUsage {
  readonly #role: Role;
  /** Used actions by rule. Resources are kept as patterns, because object keys are unlimited. */
  readonly #used = new Map<Rule, Set<string>>();

  constructor(role: Role) {
    this.#role = role;
  }

  add(action: string, allowing: readonly Rule[]): void {
    for (const rule of allowing) {
      const actions = this.#used.get(rule) ?? new Set();
      this.#used.set(rule, actions.add(action));
    }
  }

  summary(): RolePermissions {
    const allows = this.#role.rules.filter(({ effect }) => effect === 'Allow');
    const used = [...this.#used].flatMap(([rule, actions]) =>
      [...actions].map((action) => ({ rule: permission(rule), action, resource: rule.resource })),
    );
    const granted = distinct(allows.map(permission));
    return {
      role: this.#role.name,
      granted,
      used: distinct(used.map(({ action, resource }) => ({ action, resource }))),
      unused: granted.filter(({ action, resource }) =>
        used.every(({ rule }) => rule.action !== action || rule.resource !== resource),
      ),
    };
  }
}

function permission({ action, resource }: Rule): Permission {
  return { action, resource };
}

/** Removes duplicates. */
function distinct(permissions: readonly Permission[]): Permission[] {
  return [...new Map(permissions.map((one) => [`${one.action} ${one.resource}`, one])).values()];
}
