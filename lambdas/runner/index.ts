/**
 * Exports the package's entry `./steps`, for the steps of operations.
 * @module steps
 */
export type { ApiCall, ApiRequest, HttpResponse, LastCall } from '../definition/api-call.ts';
export type {
  Apis,
  Call,
  FileDigest,
  FileTransfer,
  FormAnswers,
  FormQuestion,
  OtherJobs,
  Question,
  ReceivedUpload,
  RequestedUpload,
  ResultsOf,
  SandboxContext,
  SandboxedStep,
  SandboxedStepOf,
  SandboxedStepsOf,
  Step,
  StepContext,
  StepLog,
  StepOf,
  StepsOf,
  UrlQuestion,
  VersionedObject,
  VersionedText,
  Workspace,
} from '../definition/step-context.ts';
export { type Job, JobStatus } from '../jobs/job.ts';
export { cleanText } from '../shared/clean-text.ts';
export { requiredEnv, StepEnv } from '../shared/env.ts';
export {
  type AddressPolicy,
  AddressRefused,
  checkUrl,
  guardedLookup,
  NameUnresolved,
  PUBLIC_ADDRESSES,
} from '../shared/http/address-guard.ts';
export { isLoopbackAllowed } from '../shared/http/address-policy.ts';
export { redirectTarget } from '../shared/http/redirect-target.ts';
export { retryAfterMs } from '../shared/http/retry-after.ts';
export { type OutgoingRequest, sendRequest } from '../shared/http/send-request.ts';
export type { TraceContext } from '../shared/observability/trace-context.ts';
export { trimToUtf8Boundaries } from '../shared/utf8-boundaries.ts';
export { digestOf, writeDigested } from '../workspace/digest.ts';
export type { LambdaHandler } from './lambda-handler.ts';
export { removeTree } from './sandbox/clean-machine.ts';
export { endProcesses, marked, type Program } from './sandbox/end-processes.ts';
export { sandboxHandler } from './sandbox/sandbox-handler.ts';
export { stepHandler } from './step-handler.ts';
export { StepRefused } from './step-refused.ts';
