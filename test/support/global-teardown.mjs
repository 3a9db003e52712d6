/** Removes the synthesized assemblies. */
import { rm } from 'node:fs/promises';

export default async function globalTeardown() {
  await rm(process.env.TEST_ASSEMBLIES, { recursive: true, force: true });
}
