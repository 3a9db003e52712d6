/** Chooses the sample operations to deploy from the CDK context. */

/** Samples that work only with what the operator allows at deploy: the context key that allows it, by operation. */
const NEEDS: Readonly<Record<string, string>> = { migrate: 'migrateTables', call_api: 'apiConnections' };
const ALWAYS = ['build', 'deploy', 'download', 'read_file', 'search', 'upload'];

/**
 * Without `-c operations=build,deploy`: every sample that does not lack what it needs.
 * @param read a value of the CDK context
 * @throws Error when an operation is named that lacks what it needs
 */
export function chooseSamples(read: (key: string) => unknown): readonly string[] {
  const isAllowed = (name: string) => String(read(NEEDS[name] ?? '') ?? '') !== '';
  const named = String(read('operations') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const useless = named.find((name) => NEEDS[name] !== undefined && !isAllowed(name));
  if (useless !== undefined) {
    throw new Error(
      `operations: "${useless}" needs ${NEEDS[useless]}, which is not set: give -c ${NEEDS[useless]}=…, or leave ${useless} out.`,
    );
  }
  return named.length > 0 ? named : [...ALWAYS, ...Object.keys(NEEDS).filter(isAllowed)];
}
