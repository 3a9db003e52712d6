/** Refuses dashboards and saved queries that CloudWatch refuses. */
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';

/** CloudWatch's limits: widgets of a dashboard, and metrics of a widget. */
const MAX_WIDGETS = 500;
const MAX_METRICS = 500;
/** Limits of Logs Insights: characters of a query and of its name, and log groups of a query. */
const MAX_QUERY = 10_000;
const MAX_NAME = 255;
const MAX_LOG_GROUPS = 50;

/** @throws Error naming the resource, what CloudWatch refuses and the remedy */
export function checkMonitoring({ Resources }: Template, resolve: Resolve): void {
  for (const [logicalId, { Type, Properties }] of Object.entries(Resources)) {
    const check = CHECKS[Type];
    if (!check) continue;
    const problem = check(Object(resolve(Properties)));
    if (problem !== undefined) throw new Error(`CloudWatch refuses ${logicalId}: ${problem}.`);
  }
}

type Check = (properties: Readonly<Record<string, unknown>>) => string | undefined;

const CHECKS: Readonly<Record<string, Check>> = {
  'AWS::CloudWatch::Dashboard'({ DashboardName = '', DashboardBody = '' }) {
    if (!/^[\w-]{0,255}$/.test(String(DashboardName)))
      return `the name "${DashboardName}" may have only letters, digits, - and _`;
    const widgets = widgetsOf(String(DashboardBody));
    if (!widgets) return 'its body is not JSON with a list of widgets';
    if (widgets.length > MAX_WIDGETS)
      return `it has ${widgets.length} widgets of ${MAX_WIDGETS}: remove some`;
    const full = widgets.find(({ properties }) => (properties?.metrics?.length ?? 0) > MAX_METRICS);
    return full && `a widget has more than ${MAX_METRICS} metrics: divide it`;
  },
  'AWS::Logs::QueryDefinition'({ Name = '', QueryString = '', LogGroupNames = [] }) {
    const { length } = String(QueryString);
    const groups = (LogGroupNames as readonly unknown[]).length;
    if (!Name || String(Name).length > MAX_NAME) return `its name needs 1 to ${MAX_NAME} characters`;
    if (length === 0 || length > MAX_QUERY)
      return `its query has ${length} characters: use 1 to ${MAX_QUERY}`;
    return groups > MAX_LOG_GROUPS ? `it has ${groups} log groups: use at most ${MAX_LOG_GROUPS}` : undefined;
  },
};

interface Widget {
  readonly properties?: { readonly metrics?: readonly unknown[] };
}

function widgetsOf(body: string): readonly Widget[] | undefined {
  try {
    const { widgets } = JSON.parse(body) as { readonly widgets?: readonly Widget[] };
    return Array.isArray(widgets) ? widgets : undefined;
  } catch {
    return undefined;
  }
}
