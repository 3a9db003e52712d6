/** Defines the CDK app of the sample operations, which the package contains. */
import { join } from 'node:path';
import { PACKAGE, type SynthesizeOptions } from './synthesize.ts';

const isSource = import.meta.url.endsWith('.ts');

/** Options to synthesize the samples' app. */
export const SAMPLE_APP: SynthesizeOptions = {
  app: PACKAGE,
  command: isSource
    ? 'node --conditions=mcp-async-operations-source bin/app.ts'
    : `node ${JSON.stringify(join(PACKAGE, 'dist', 'bin', 'app.js'))}`,
};

/** A small Node.js project that the sample operation `build` builds. */
export const SAMPLE_PROJECT = join(PACKAGE, 'examples', 'projects', 'hello-service');
