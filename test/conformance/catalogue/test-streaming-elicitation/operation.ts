/** The same as where the answer is looked at, under the name by which the suite looks at the stream. */
import { defineOperation } from '../../../../lambdas/definition/define-operation.ts';
import { testInputRequiredResultElicitation } from '../test-input-required-result-elicitation/operation.ts';

export const testStreamingElicitation = defineOperation({
  ...testInputRequiredResultElicitation,
  name: 'test_streaming_elicitation',
  title: 'Streaming elicitation',
});
