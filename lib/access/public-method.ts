/** The option of a method that anybody may call: said wherever it is meant, so that all of them are found by its name. */
import { AuthorizationType, type MethodOptions } from 'aws-cdk-lib/aws-apigateway';

export const PUBLIC = { authorizationType: AuthorizationType.NONE } as const satisfies MethodOptions;
