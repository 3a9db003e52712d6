/** The function behind the operation `build`. */
import { stepHandler } from '../step-handler.ts';
import { compile } from './compile.ts';
import { install } from './install.ts';
import { build } from './operation.ts';
import { packageArtifact } from './package.ts';
import { test } from './test.ts';

export const handler = stepHandler(build, { install, compile, test, package: packageArtifact });
