import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { greetByName } from '../../greet-by-name.ts';
import { testStreamingElicitation } from './operation.ts';

export const handler = stepHandler(testStreamingElicitation, { greet: greetByName });
