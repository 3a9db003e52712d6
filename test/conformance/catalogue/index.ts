/** The fixture tools that the official conformance suite calls, as operations like any other; never deployed. */
import type { OperationDefinition } from '../../../lambdas/definition/operation-definition.ts';
import { confirmDelete } from './confirm-delete/operation.ts';
import { failingJob } from './failing-job/operation.ts';
import { greet } from './greet/operation.ts';
import { multiInput } from './multi-input/operation.ts';
import { protocolErrorJob } from './protocol-error-job/operation.ts';
import { slowCompute } from './slow-compute/operation.ts';
import { testAudioContent } from './test-audio-content/operation.ts';
import { testEmbeddedResource } from './test-embedded-resource/operation.ts';
import { testErrorHandling } from './test-error-handling/operation.ts';
import { testImageContent } from './test-image-content/operation.ts';
import { testInputRequiredResultElicitation } from './test-input-required-result-elicitation/operation.ts';
import { testLoggingTool } from './test-logging-tool/operation.ts';
import { testMultipleContentTypes } from './test-multiple-content-types/operation.ts';
import { testSimpleText } from './test-simple-text/operation.ts';
import { testStreamingElicitation } from './test-streaming-elicitation/operation.ts';
import { testToolWithTask } from './test-tool-with-task/operation.ts';

export const operations: readonly OperationDefinition[] = [
  confirmDelete,
  failingJob,
  greet,
  multiInput,
  protocolErrorJob,
  slowCompute,
  testErrorHandling,
  testInputRequiredResultElicitation,
  testAudioContent,
  testEmbeddedResource,
  testImageContent,
  testLoggingTool,
  testMultipleContentTypes,
  testStreamingElicitation,
  testSimpleText,
  testToolWithTask,
];
