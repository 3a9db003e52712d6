/** Compares and checks names of files, which systems write in different forms. */

/**
 * Returns the form in which names are compared: "é" can be one character (Linux, Windows) or two (macOS).
 * @returns the name in Unicode's composed form, NFC
 */
export function normalizeName(name: string): string {
  return name.normalize('NFC');
}

/**
 * Indexes things by their names.
 * @returns a function that finds the thing with exactly a name, else the first with this name in another Unicode form
 */
export function indexByName<T>(
  things: Iterable<T>,
  nameOf: (thing: T) => string,
): (name: string) => T | undefined {
  const exact = new Map<string, T>();
  const normal = new Map<string, T>();
  for (const thing of things) {
    const name = nameOf(thing);
    exact.set(name, thing);
    const normalized = normalizeName(name);
    if (!normal.has(normalized)) normal.set(normalized, thing);
  }
  return (name) => exact.get(name) ?? normal.get(normalizeName(name));
}

/**
 * Names that some readers of archives change: they remove what they take for a drive or a root, so that the file would replace
 * another one.
 */
const ROOTED = /^([\\/]|[a-zA-Z]:)/;

/** @returns why a path does not stay in its directory under its own name; undefined when it does */
export function pathProblem(path: string): string | undefined {
  if (ROOTED.test(path)) return /^[\\/]|^[a-zA-Z]:[\\/]/.test(path) ? 'an absolute path' : 'a drive letter';
  if (/(^|[\\/])\.\.([\\/]|$)/.test(path)) return 'a path with ".."';
  return path.includes('\0') ? 'a path with a NUL character' : undefined;
}
