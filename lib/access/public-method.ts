/** Defines the options of a public API method. Every public method uses this constant, so that a search finds them all. */
import { AuthorizationType, type MethodOptions } from 'aws-cdk-lib/aws-apigateway';

export const PUBLIC = { authorizationType: AuthorizationType.NONE } as const satisfies MethodOptions;
