/** Dresses the card like its host: the theme, the colors and the fonts that the host gives. */
import { asObject } from './host.ts';

/** Our colors, by the host's names for them. A host that gives only some of them could make texts unreadable. */
const COLORS: Readonly<Record<string, string>> = {
  '--ground': '--color-background-primary',
  '--raised': '--color-background-secondary',
  '--text': '--color-text-primary',
  '--muted': '--color-text-secondary',
  '--line': '--color-border-primary',
};

const MAX_VALUE = 200;

/** The styles of an element; tests need no document. */
export interface Styles {
  colorScheme: string;
  setProperty(name: string, value: string): void;
}

/** @param context the host's context, or what has changed of it */
export function applyHostStyle(style: Styles, context: Readonly<Record<string, unknown>>): void {
  const { theme } = context;
  if (theme === 'light' || theme === 'dark') style.colorScheme = theme;
  const variables = asObject(asObject(context.styles).variables);
  const colors = Object.entries(COLORS).map(
    ([name, theirs]) => [name, plainValue(variables[theirs])] as const,
  );
  if (colors.every(([, value]) => value !== undefined))
    for (const [name, value] of colors) style.setProperty(name, value ?? '');
  const sans = plainValue(variables['--font-sans']);
  if (sans) style.setProperty('--sans', sans);
  const mono = plainValue(variables['--font-mono']);
  if (mono) style.setProperty('--mono', mono);
}

/** Returns a value that loads nothing. */
function plainValue(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MAX_VALUE && !/url|image|[;{}\\]/i.test(value)
    ? value
    : undefined;
}
