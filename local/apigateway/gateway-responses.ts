/** Sends API Gateway's own responses: its defaults, or those that the template defines instead. */
import type { ServerResponse } from 'node:http';
import type { TemplateResource } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { staticText } from './static-text.ts';

/** The supported types: status, message, and the value of `x-amzn-ErrorType`. */
const DEFAULTS = {
  ACCESS_DENIED: [403, 'User is not authorized to access this resource', 'AccessDeniedException'],
  API_CONFIGURATION_ERROR: [502, 'Internal server error', 'InternalServerErrorException'],
  AUTHORIZER_CONFIGURATION_ERROR: [500, null, 'AuthorizerConfigurationException'],
  AUTHORIZER_FAILURE: [500, null, 'AuthorizerConfigurationException'],
  DEFAULT_4XX: [400, 'Bad Request', 'BadRequestException'],
  INTEGRATION_TIMEOUT: [504, 'Endpoint request timed out', 'IntegrationTimeoutException'],
  MISSING_AUTHENTICATION_TOKEN: [403, 'Missing Authentication Token', 'MissingAuthenticationTokenException'],
  REQUEST_TOO_LARGE: [413, 'Request Too Long', 'RequestTooLargeException'],
  UNAUTHORIZED: [401, 'Unauthorized', 'UnauthorizedException'],
} as const satisfies Record<string, readonly [number, string | null, string]>;

export type GatewayResponseType = keyof typeof DEFAULTS;

/** Sends the gateway response of a type. */
export type Respond = (response: ServerResponse, type: GatewayResponseType) => void;

interface GatewayResponseProperties {
  readonly ResponseType: string;
  readonly StatusCode?: string;
  readonly ResponseParameters?: Readonly<Record<string, string>>;
  readonly ResponseTemplates?: Readonly<Record<string, string>>;
}

const HEADER = /^gatewayresponse\.header\.([\w-]+)$/;
const JSON_TYPE = 'application/json';

/** @throws Error for a mapping that is not a static header, or a template that is not JSON */
export function readGatewayResponses(
  resources: Readonly<Record<string, TemplateResource>>,
  resolve: Resolve,
): Respond {
  const customized = new Map(
    Object.entries(resources)
      .filter(([, { Type }]) => Type === 'AWS::ApiGateway::GatewayResponse')
      .map(([logicalId, { Properties }]) => {
        const properties = resolve(Properties) as GatewayResponseProperties;
        return [properties.ResponseType, readOne(logicalId, properties)] as const;
      }),
  );
  return (response, type) => {
    const [defaultStatus, message, errorType] = DEFAULTS[type];
    const custom =
      customized.get(type) ?? customized.get(defaultStatus < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX');
    response.writeHead(custom?.status ?? defaultStatus, {
      'Content-Type': JSON_TYPE,
      'x-amzn-ErrorType': errorType,
      ...custom?.headers,
    });
    const template = custom?.template ?? '{"message":$context.error.messageString}';
    response.end(template.replaceAll('$context.error.messageString', JSON.stringify(message)));
  };
}

function readOne(
  logicalId: string,
  { StatusCode, ResponseParameters = {}, ResponseTemplates = {} }: GatewayResponseProperties,
) {
  const headers = Object.entries(ResponseParameters).map(([name, value]) => {
    const [, header] = HEADER.exec(name) ?? [];
    if (!header)
      throw new Error(`${logicalId} maps ${name}: map a header, which the local gateway supports.`);
    return [header, staticText(logicalId, value)];
  });
  return {
    status: StatusCode === undefined ? undefined : Number(StatusCode),
    headers: Object.fromEntries(headers) as Record<string, string>,
    template: ResponseTemplates[JSON_TYPE],
  };
}
