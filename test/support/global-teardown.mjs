/** Removes what the setup has synthesized. */
import { rm } from 'node:fs/promises';

export default async function globalTeardown() {
  await rm(process.env.TEST_ASSEMBLIES, { recursive: true, force: true });
}
