/** Starts a function's worker with V8's compile cache, which also keeps the modules without their types. */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';

if (workerData.compileCacheDirectory) enableCompileCache(workerData.compileCacheDirectory);
const { loading } = await import('./function-worker.ts');
await loading.catch(() => {});
// A worker that is terminated would write nothing.
flushCompileCache();
