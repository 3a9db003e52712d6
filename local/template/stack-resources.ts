/** Finds the resources of given types in the template, with their intrinsics resolved. */
import type { Template } from './assembly.ts';
import type { Resolve } from './intrinsics.ts';

/**
 * Returns properties by the `Ref` of each resource. Resolves only the named properties: others may refer to resources that
 * the local cloud ignores.
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
