/** Starts a function's worker with V8's compile cache, which also caches modules with their types stripped. */
import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';

if (workerData.compileCacheDirectory) enableCompileCache(workerData.compileCacheDirectory);
await import('./function-worker.ts');
