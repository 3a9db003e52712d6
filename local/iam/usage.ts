/** What a role's policies allow, and which of it was needed. */
import type { Role } from './roles.ts';
import type { Rule } from './statements.ts';

/** Patterns where something is granted; an action and the pattern that allowed its resource where it is used. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
}

export interface RolePermissions {
  readonly role: string;
  readonly granted: readonly Permission[];
  readonly used: readonly Permission[];
  /** Of what is granted, that which no call has needed. */
  readonly unused: readonly Permission[];
}

export class RoleUsage {
  readonly #role: Role;
  /** The actions that each rule has allowed: of resources the patterns are kept, for names such as keys have no end. */
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

/** What two statements grant is granted once. */
function distinct(permissions: readonly Permission[]): Permission[] {
  return [...new Map(permissions.map((one) => [`${one.action} ${one.resource}`, one])).values()];
}
