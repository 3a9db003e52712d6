/** Greets whoever is named, and the world otherwise. */
export function greeting(name: string | null): string {
  return `Hello, ${name?.trim() || 'world'}!`;
}
