/** Starts a function's worker with V8's compile cache, which also keeps the modules without their types. */
import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';

if (workerData.compileCacheDirectory) enableCompileCache(workerData.compileCacheDirectory);
await import('./function-worker.ts');
