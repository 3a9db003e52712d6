/** The resources of one type in the template, with their intrinsics resolved. */
import type { Template } from './assembly.ts';
import type { Resolve } from './intrinsics.ts';

/**
 * By what `Ref` gives for each. Only the named properties are resolved: the others may refer to what is passed over,
 * such as a role.
 */
export function resourcesOf<Properties extends object>(
  template: Template,
  resolve: Resolve,
  types: readonly string[],
  properties: readonly (keyof Properties & string)[],
): Map<string, Properties> {
  const found = Object.entries(template.Resources).filter(([, { Type }]) => types.includes(Type));
  return new Map(
    found.map(([logicalId, { Properties: all = {} }]) => [
      String(resolve({ Ref: logicalId })),
      Object.fromEntries(properties.map((name) => [name, resolve(all[name])])) as Properties,
    ]),
  );
}
