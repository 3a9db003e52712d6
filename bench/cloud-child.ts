/** Runs the local cloud of an assembly until its parent disconnects. Sends its address, and its memory when asked. */
import { startLocalCloud } from '../local/cloud.ts';

/** Megabytes of 1,000,000 bytes. */
export interface MemoryMb {
  /** Of the whole process, with the threads of all functions. */
  readonly resident: number;
  /** Objects in use on the main thread: all services, and none of the functions. */
  readonly heap: number;
}

const cloud = await startLocalCloud({
  assemblyDirectory: process.argv[2] ?? '',
  allowLoopbackWebhooks: true,
});
const { url, outputs, environment } = cloud;
process.send?.({ url, outputs, environment });
process.on('message', () => {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ resident: rss / 1e6, heap: heapUsed / 1e6 } satisfies MemoryMb);
});
process.once('disconnect', async () => {
  await cloud.close();
  process.exit(0);
});
