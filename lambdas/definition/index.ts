/**
 * Exports the package's entry `./operation`, for operation definitions. It imports neither the AWS SDK nor CDK.
 * @module operation
 */
import './check-peers.ts';

export { cutText, shortenText } from '../shared/cut-text.ts';
export {
  AppError,
  CodedError,
  type CodedErrorOptions,
  ErrorCode,
  OperationError,
} from '../shared/errors.ts';
export { formatBytes } from '../shared/format-bytes.ts';
export type { Json } from '../shared/json.ts';
export { defineOperation, type OperationOptions } from './define-operation.ts';
export type {
  CallLimits,
  ExecutionPolicy,
  OperationBase,
  OperationDefinition,
  OperationResources,
  RequiredObject,
  ResultContent,
  ResultFile,
  StateMachineOperation,
  StepDefinition,
  StepFiles,
  StepOptions,
  StepsOperation,
  WorkspaceListing,
} from './operation-definition.ts';
export { stateMachineOperation } from './state-machine-operation.ts';
