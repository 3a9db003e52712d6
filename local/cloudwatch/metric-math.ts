/** Evaluates metric math: the operators, and the functions IF, FILL, MAX, MIN and SUM. */

/** The values of each id, the oldest first; undefined where a data point is missing. */
export type TimeSeries = Readonly<Record<string, readonly (number | undefined)[]>>;

/** The value of a part of an expression. A list has a value for each of its elements. */
type Value = number | undefined | readonly (number | undefined)[];

/** A part of an expression. */
interface Node {
  /** Its text has no metric, so it has no time series. */
  readonly isConstant: boolean;
  readonly compute: (series: TimeSeries, index: number) => Value;
}

export interface Expression {
  /** Ids of metrics and other expressions, each once. */
  readonly ids: readonly string[];
  /** @returns the value at a data point; undefined when it is missing, such as after a division by zero */
  readonly evaluate: (series: TimeSeries, index: number) => number | undefined;
}

const TOKEN = /\s*(\d+(?:\.\d+)?|[A-Za-z_]\w*|<=|>=|==|!=|&&|\|\||[-+*/<>()[\],])/y;

type Operator = (a: number, b: number) => number;

/** By precedence, the weakest first. */
const OPERATORS: readonly Readonly<Record<string, Operator>>[] = [
  { '||': (a, b) => Number(a !== 0 || b !== 0), OR: (a, b) => Number(a !== 0 || b !== 0) },
  { '&&': (a, b) => Number(a !== 0 && b !== 0), AND: (a, b) => Number(a !== 0 && b !== 0) },
  {
    '<': (a, b) => Number(a < b),
    '<=': (a, b) => Number(a <= b),
    '>': (a, b) => Number(a > b),
    '>=': (a, b) => Number(a >= b),
    '==': (a, b) => Number(a === b),
    '!=': (a, b) => Number(a !== b),
  },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b },
];

/** The level of the first arithmetic operators. */
const ARITHMETIC = 3;

interface MathFunction {
  readonly parameters: number;
  readonly call: (given: readonly Node[], series: TimeSeries, index: number) => number | undefined;
}

const FUNCTIONS: Readonly<Record<string, MathFunction>> = {
  IF: {
    parameters: 3,
    call([condition, yes, no], series, index) {
      const chosen = valueAt(condition, series, index);
      return chosen === undefined ? undefined : valueAt(chosen ? yes : no, series, index);
    },
  },
  FILL: {
    parameters: 2,
    call([filled, filler], series, index) {
      const value = valueAt(filled, series, index);
      if (value !== undefined || filler !== REPEAT) return value ?? valueAt(filler, series, index);
      // The value before, which may not exist.
      const earlier = Array.from({ length: index }, (_, at) => valueAt(filled, series, at));
      return earlier.findLast((one) => one !== undefined);
    },
  },
  MAX: {
    parameters: 1,
    call: ([list], series, index) =>
      present(list, series, index).reduce<number | undefined>(larger, undefined),
  },
  MIN: {
    parameters: 1,
    call([list], series, index) {
      const values = present(list, series, index);
      return values.length === 0 ? undefined : Math.min(...values);
    },
  },
  SUM: {
    parameters: 1,
    call([list], series, index) {
      const values = present(list, series, index);
      return values.length === 0 ? undefined : values.reduce((a, b) => a + b);
    },
  },
};

/** The second argument of FILL that repeats the value before. */
const REPEAT: Node = { isConstant: true, compute: () => undefined };

function timeSeries(compute: Node['compute']): Node {
  return { isConstant: false, compute };
}

/**
 * Applies an operator to two parts. In arithmetic, a missing value of a time series is 0 when the other series has a value. A
 * division by zero has no value. CloudWatch User Guide, "Metric math syntax and functions".
 */
function combine(operator: Operator, left: Node, right: Node, isArithmetic: boolean): Node {
  const fills = isArithmetic && !left.isConstant && !right.isConstant;
  return {
    isConstant: left.isConstant && right.isConstant,
    compute(series, index) {
      const [a, b] = [valueAt(left, series, index), valueAt(right, series, index)];
      if (fills ? (a ?? b) === undefined : a === undefined || b === undefined) return undefined;
      const result = operator(a ?? 0, b ?? 0);
      return Number.isFinite(result) ? result : undefined;
    },
  };
}

function larger(a: number | undefined, b: number): number {
  return a === undefined ? b : Math.max(a, b);
}

function present(list: Node | undefined, series: TimeSeries, index: number): number[] {
  return [list?.compute(series, index)].flat().filter((one): one is number => one !== undefined);
}

function valueAt(node: Node | undefined, series: TimeSeries, index: number): number | undefined {
  const value = node?.compute(series, index);
  return Array.isArray(value) ? undefined : (value as number | undefined);
}

/** @throws Error naming a function or a text that the local cloud does not support */
export function parseExpression(text: string): Expression {
  const tokens = tokensOf(text);
  const ids = new Set<string>();

  function fail(at: string | undefined): never {
    throw new Error(
      `The expression "${text}" has "${at ?? 'its end'}" where the local cloud cannot read it: correct it, or add it to local/cloudwatch/metric-math.ts.`,
    );
  }

  function take(expected: string): void {
    const token = tokens.shift();
    if (token !== expected) fail(token);
  }

  function list(end: string): Node[] {
    const nodes = [binary(0)];
    while (tokens[0] === ',') {
      tokens.shift();
      nodes.push(binary(0));
    }
    take(end);
    return nodes;
  }

  function binary(level: number): Node {
    const operators = OPERATORS[level];
    if (!operators) return unary();
    let left = binary(level + 1);
    for (let found = operators[tokens[0] ?? '']; found; found = operators[tokens[0] ?? '']) {
      tokens.shift();
      left = combine(found, left, binary(level + 1), level >= ARITHMETIC);
    }
    return left;
  }

  function unary(): Node {
    if (tokens[0] !== '-') return primary();
    tokens.shift();
    const operand = unary();
    return {
      isConstant: operand.isConstant,
      compute(series, index) {
        const value = valueAt(operand, series, index);
        return value === undefined ? undefined : -value;
      },
    };
  }

  function primary(): Node {
    const token = tokens.shift();
    if (token === undefined) return fail(token);
    if (token === '(') {
      const [inner = fail(token)] = list(')');
      return inner;
    }
    if (token === '[') {
      const elements = list(']');
      return timeSeries((series, index) => elements.map((element) => valueAt(element, series, index)));
    }
    if (token === 'REPEAT') return REPEAT;
    if (/^\d/.test(token)) return { isConstant: true, compute: () => Number(token) };
    if (tokens[0] === '(') return call(token);
    // CloudWatch's ids begin with a lower-case letter.
    if (!/^[a-z]/.test(token)) return fail(token);
    ids.add(token);
    return timeSeries((series, index) => series[token]?.[index]);
  }

  function call(name: string): Node {
    const found = FUNCTIONS[name];
    if (!found) {
      const known = Object.keys(FUNCTIONS).join(', ');
      throw new Error(
        `The expression "${text}" uses ${name}, which the local cloud does not evaluate: use ${known}, or add it to local/cloudwatch/metric-math.ts.`,
      );
    }
    tokens.shift();
    const given = list(')');
    if (given.length !== found.parameters) fail(`${name} of ${given.length} arguments`);
    return timeSeries((series, index) => found.call(given, series, index));
  }

  const root = binary(0);
  if (tokens.length > 0) fail(tokens[0]);
  return { ids: [...ids], evaluate: (series, index) => valueAt(root, series, index) };
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const at = TOKEN.lastIndex;
    const [, token] = TOKEN.exec(trimmed) ?? [];
    if (token === undefined) {
      TOKEN.lastIndex = 0;
      throw new Error(
        `The expression "${text}" has "${trimmed.slice(at).trim()}" where the local cloud cannot read it: correct it.`,
      );
    }
    tokens.push(token);
  }
  return tokens;
}
