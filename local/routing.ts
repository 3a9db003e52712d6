/** Routes requests of the API, events and schedules to functions, as the template says. An update replaces all routes. */
import { apiGatewayHandler } from './apigateway/api-gateway.ts';
import type { UserOf } from './apigateway/user-of.ts';
import type { CloudWatch } from './cloudwatch/cloudwatch.ts';
import { measureApi, recordRule } from './cloudwatch/service-metrics.ts';
import { type AwsEvent, createEventRules } from './eventbridge/event-rules.ts';
import { startSchedules } from './eventbridge/schedules.ts';
import type { Faults } from './faults.ts';
import { guardGateway } from './iam/gateway-guard.ts';
import { createInvokePermissions, createRuleGate, type RuleGate } from './iam/invoke-permissions.ts';
import type { LambdaFunction } from './lambda/functions.ts';
import type { Handler } from './shared/loopback-server.ts';
import type { Template } from './template/assembly.ts';
import type { Resolve } from './template/intrinsics.ts';

interface Routes {
  readonly handle: Handler;
  readonly emit: (event: AwsEvent) => Promise<void>;
  readonly schedules: { close(): void };
}

export interface RoutingOptions {
  /** Functions by name. An update changes them first. */
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  readonly onLog: (functionName: string, line: string) => void;
  readonly userOf: UserOf;
  readonly faults: Faults;
  /** Measures the API and the rules, and ends the minutes of schedules. @default nothing is measured */
  readonly cloudWatch?: CloudWatch;
}

export class Routing {
  readonly #options: RoutingOptions;
  #routes: Routes | undefined;

  constructor(options: RoutingOptions) {
    this.#options = options;
  }

  /** @throws Error for a rule or a route that is not supported here */
  update(template: Template, resolve: Resolve): void {
    const { functions, onLog, userOf, cloudWatch } = this.#options;
    const mayInvoke = createInvokePermissions(template, resolve);
    const gate = this.#withFaults(createRuleGate(mayInvoke, onLog));
    const gateway = apiGatewayHandler(template.Resources, resolve, functions, userOf);
    const handle = guardGateway(template, resolve, mayInvoke, gateway);
    const emit = createEventRules(template, resolve, functions, gate);
    this.#routes?.schedules.close();
    this.#routes = {
      handle: cloudWatch ? measureApi(template, resolve, cloudWatch.record)(handle) : handle,
      emit,
      schedules: startSchedules(template, resolve, functions, gate, cloudWatch?.eachMinute),
    };
  }

  handle: Handler = (request, response) => this.#routes?.handle(request, response);

  async emit(event: AwsEvent): Promise<void> {
    await this.#routes?.emit(event);
  }

  close(): void {
    this.#routes?.schedules.close();
  }

  #withFaults(mayInvoke: RuleGate): RuleGate {
    const { faults, cloudWatch } = this.#options;
    return (rule, functionName) => {
      if (faults.isActive('disabled-rule', rule)) return false;
      const isInvoked = !faults.isActive('refused-rule', rule) && mayInvoke(rule, functionName);
      if (cloudWatch) recordRule(cloudWatch.record, rule, !isInvoked);
      return isInvoked;
    };
  }
}
