/** Provides the names of the operations of this deployment, without their definitions. */

/** The bundler inserts them. */
declare const DEPLOYED_OPERATIONS: readonly string[];

export const deployedNames: ReadonlySet<string> = new Set(DEPLOYED_OPERATIONS);
