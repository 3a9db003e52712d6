/** Provides the names of the operations of this deployment, without their definitions. */

/** JSON text, which the bundler inserts. */
declare const DEPLOYED_OPERATIONS: string;

export const deployedNames: ReadonlySet<string> = new Set(JSON.parse(DEPLOYED_OPERATIONS));
