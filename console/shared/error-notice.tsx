/** Shows why a job failed or a request was refused: what happened, its code, and the remedy that the message has. */
import type { ComponentChildren } from 'preact';
import './controls.css';
import type { ErrorView } from './error-view.ts';
import './error-notice.css';

interface ErrorNoticeProps {
  /** What failed, such as "The job failed". */
  readonly title: string;
  readonly error: ErrorView;
  /** Announce it at once: the user has just asked for something. @default false */
  readonly urgent?: boolean;
  /** What the user can do about it. */
  readonly children?: ComponentChildren;
}

export function ErrorNotice({ title, error, urgent = false, children }: ErrorNoticeProps) {
  const { code, message, step, retryable, details = {} } = error;
  const facts = Object.entries(details);
  return (
    <section class="error-notice" role={urgent ? 'alert' : undefined} aria-label={urgent ? undefined : title}>
      <p class="error-title">
        {title}
        {step && ` in step ${step}`}
      </p>
      <p class="error-message" dir="auto">
        {message}
      </p>
      <p class="hint">
        <code>{code}</code>
        {retryable && ' · The same call can succeed later.'}
      </p>
      {facts.length > 0 && (
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd dir="auto">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {children && <div class="buttons">{children}</div>}
    </section>
  );
}
