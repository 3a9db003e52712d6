/** Checks the versions of the peer dependencies at import, before another module fails with an error that hides the cause. */
import { createRequire } from 'node:module';

interface Manifest {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const PACKAGE = 'mcp-async-operations';
const require = createRequire(import.meta.url);

for (const [name, needed] of Object.entries(manifest(PACKAGE)?.peerDependencies ?? {})) {
  const found = manifest(name)?.version;
  // Node names a package that is missing.
  if (found === undefined || isInRange(found, needed)) continue;
  throw new Error(
    `${PACKAGE} needs ${name} ${needed}, but the app has ${name} ${found}. Run: npm install "${name}@${needed}"`,
  );
}

function manifest(name: string): Manifest | undefined {
  try {
    return require(`${name}/package.json`);
  } catch {
    return undefined;
  }
}

/** @param range `^MAJOR.MINOR.PATCH` with a major of 1 or more */
function isInRange(version: string, range: string): boolean {
  const found = numbersOf(version);
  const least = numbersOf(range);
  if (found[0] !== least[0]) return false;
  const different = least.findIndex((number, index) => number !== found[index]);
  return different === -1 || (found[different] ?? 0) > (least[different] ?? 0);
}

function numbersOf(text: string): readonly number[] {
  return (/\d+\.\d+\.\d+/.exec(text)?.[0] ?? '').split('.').map(Number);
}
