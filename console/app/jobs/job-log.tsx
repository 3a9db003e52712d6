/** Shows the log of a job as it grows: its end first, and earlier parts on demand. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { httpUrl } from '../../shared/http-url.ts';
import type { FileLink } from '../../shared/job.ts';
import { LogLines } from '../../shared/log-lines.tsx';
import type { Api } from '../api.ts';
import { Problem } from '../problem.tsx';
import type { LogPart } from './log-reading.ts';
import { useLog } from './use-log.ts';

interface JobLogProps {
  readonly api: Api;
  readonly jobId: string;
  /** Names of the steps, to choose one. */
  readonly steps: readonly string[];
  readonly files: readonly FileLink[];
  /** What the record has, for a service without logs. */
  readonly tail: readonly string[];
}

export function JobLog({ api, jobId, steps, files, tail }: JobLogProps) {
  const [part, setPart] = useState<LogPart>('end');
  const [step, setStep] = useState('');
  return (
    <section aria-labelledby="log-title" class="panel">
      <div class="panel-head">
        <h2 id="log-title">Log</h2>
        {steps.length > 1 && (
          <label>
            <span class="visually-hidden">Step of the log</span>
            <select
              value={step}
              onChange={({ currentTarget }) => {
                setStep(currentTarget.value);
                setPart('end');
              }}
            >
              <option value="">All steps</option>
              {steps.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <LogView key={`${part} ${step}`} {...{ api, jobId, part, step, files, tail }} onPart={setPart} />
    </section>
  );
}

interface LogViewProps extends Omit<JobLogProps, 'steps'> {
  readonly part: LogPart;
  readonly step: string;
  readonly onPart: (part: LogPart) => void;
}

/** A scroll position this near the end follows what is printed. */
const FOLLOW_PX = 40;

function LogView({ api, jobId, part, step, files, tail, onPart }: LogViewProps) {
  const { log, hasEarlier, hasLater, isReady, isMissing, error, readOn } = useLog(api, jobId, part, step);
  const box = useRef<HTMLElement>(null);
  const follows = useRef(part !== 'start');
  useLayoutEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [log]);
  useEffect(() => {
    const element = box.current;
    const note = () => {
      if (!element) return;
      follows.current = element.scrollHeight - element.scrollTop - element.clientHeight < FOLLOW_PX;
    };
    element?.addEventListener('scroll', note, { passive: true });
    return () => element?.removeEventListener('scroll', note);
  }, []);
  const logFiles = files.filter(
    ({ name }) => name.endsWith('.log') && (step === '' || name === `${step}.log`),
  );

  if (isMissing && tail.length === 0) return <p class="hint">This job has no log that can be read.</p>;
  if (isMissing) {
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
      <section class="log" tabIndex={0} aria-label="End of the log">
        <pre dir="auto">{tail.join('\n')}</pre>
      </section>
    );
  }
  return (
    <>
      {error && <Problem title="The log could not be read" error={error} />}
      {(hasEarlier || log.dropped > 0) && (
        <p class="hint log-earlier">
          {log.dropped > 0
            ? `${log.dropped.toLocaleString('en')} earlier lines are not shown. `
            : 'This is the end of the log. '}
          {part === 'end' && hasEarlier && (
            <button type="button" onClick={() => onPart('more')}>
              Show more of the end
            </button>
          )}{' '}
          {part !== 'start' && (
            <button type="button" onClick={() => onPart('start')}>
              Read from the start
            </button>
          )}{' '}
          <LogFiles files={logFiles} />
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <section class="log" tabIndex={0} aria-label="Lines of the log" ref={box}>
        {log.lines === 0 && log.open.length === 0 ? (
          <p class="hint">{isReady ? 'Nothing has been printed.' : 'Loading…'}</p>
        ) : (
          <LogLines log={log} />
        )}
      </section>
      {part === 'start' && (
        <p class="buttons log-later">
          {hasLater && (
            <button type="button" onClick={readOn}>
              Read on
            </button>
          )}
          <button type="button" onClick={() => onPart('end')}>
            Go to the end
          </button>
        </p>
      )}
    </>
  );
}

function LogFiles({ files }: { readonly files: readonly FileLink[] }) {
  const links = files.flatMap(({ name, url }) => {
    const address = httpUrl(url);
    return address ? [{ name, address }] : [];
  });
  if (links.length === 0) return null;
  return (
    <span>
      Whole:{' '}
      {links.map(({ name, address }) => (
        <a key={name} href={address} target="_blank" rel="noopener noreferrer">
          {name}{' '}
        </a>
      ))}
    </span>
  );
}
