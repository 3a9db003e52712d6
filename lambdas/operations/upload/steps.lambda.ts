/** The function behind the operation `upload`: it runs while an archive is looked through, and not while one is awaited. */
import { stepHandler } from '../../runner/step-handler.ts';
import { upload } from './operation.ts';
import { publish } from './publish.ts';
import { receive } from './receive.ts';

export const handler = stepHandler(upload, { receive, publish });
