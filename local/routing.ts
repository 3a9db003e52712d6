/** Routes requests of the API, events and schedules to functions, as the template says. An update replaces all routes. */
import { apiGatewayHandler } from './apigateway/api-gateway.ts';
import type { UserOf } from './apigateway/user-of.ts';
import { type AwsEvent, createEventRules } from './eventbridge/event-rules.ts';
import { startSchedules } from './eventbridge/schedules.ts';
import { guardGateway } from './iam/gateway-guard.ts';
import { createInvokePermissions, createRuleGate } from './iam/invoke-permissions.ts';
import type { LambdaFunction } from './lambda/functions.ts';
import type { Handler } from './shared/loopback-server.ts';
import type { Template } from './template/assembly.ts';
import type { Resolve } from './template/intrinsics.ts';

interface Routes {
  readonly handle: Handler;
  readonly emit: (event: AwsEvent) => Promise<void>;
  readonly schedules: { close(): void };
}

export class Routing {
  readonly #functions: ReadonlyMap<string, LambdaFunction>;
  readonly #onLog: (functionName: string, line: string) => void;
  readonly #userOf: UserOf;
  #routes: Routes | undefined;

  /** @param functions by name; an update changes them first */
  constructor(
    functions: ReadonlyMap<string, LambdaFunction>,
    onLog: (functionName: string, line: string) => void,
    userOf: UserOf,
  ) {
    this.#functions = functions;
    this.#onLog = onLog;
    this.#userOf = userOf;
  }

  /** @throws Error for a rule or a route that is not supported here */
  update(template: Template, resolve: Resolve): void {
    const functions = this.#functions;
    const mayInvoke = createInvokePermissions(template, resolve);
    const gate = createRuleGate(mayInvoke, this.#onLog);
    const gateway = apiGatewayHandler(template.Resources, resolve, functions, this.#userOf);
    const emit = createEventRules(template, resolve, functions, gate);
    this.#routes?.schedules.close();
    this.#routes = {
      handle: guardGateway(template, resolve, mayInvoke, gateway),
      emit,
      schedules: startSchedules(template, resolve, functions, gate),
    };
  }

  handle: Handler = (request, response) => this.#routes?.handle(request, response);

  async emit(event: AwsEvent): Promise<void> {
    await this.#routes?.emit(event);
  }

  close(): void {
    this.#routes?.schedules.close();
  }
}
