import { stepHandler } from '../../../../lambdas/runner/step-handler.ts';
import { greetByName } from '../../greet-by-name.ts';
import { testInputRequiredResultElicitation } from './operation.ts';

export const handler = stepHandler(testInputRequiredResultElicitation, { greet: greetByName });
