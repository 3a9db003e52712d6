/** Shows what a job waits for: a form made from the JSON Schema of a question, a page to open, or a file to upload. */
import type { ComponentChildren } from 'preact';
import { useId, useMemo, useRef, useState } from 'preact/hooks';
import type { InputRequestView } from '../../lambdas/jobs/job-view.ts';
import { formatTime } from './duration.ts';
import { httpUrl, uploadCommand } from './http-url.ts';
import './controls.css';
import './question-form.css';
import {
  type Answer,
  type Entries,
  type Entry,
  type Field,
  fieldsOf,
  initialEntries,
  readEntries,
} from './question-fields.ts';

export interface QuestionProps {
  readonly request: InputRequestView;
  /** The answer is on its way. */
  readonly sending: boolean;
  /** Another action must end first. @default false */
  readonly disabled?: boolean;
  /** Why the service refused the answer. */
  readonly refusal?: string | undefined;
  readonly onAnswer: (answer: Answer) => void;
  /** Opens a page, whose address is of HTTP or HTTPS. */
  readonly onOpen: (url: string) => void;
}

/** Shows one input request. Give it the request's key as `key`, so that it keeps what the user enters. */
export function Question(props: QuestionProps) {
  const { request } = props;
  if ('upload' in request) return <UploadRequest request={request} />;
  return 'url' in request ? (
    <PageQuestion {...props} url={request.url} />
  ) : (
    <FormQuestion {...props} schema={request.schema} />
  );
}

function FormQuestion({
  request,
  schema,
  sending,
  disabled = false,
  refusal,
  onAnswer,
}: QuestionProps & { readonly schema: unknown }) {
  const busy = sending || disabled;
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const shape = JSON.stringify(schema);
  const fields = useMemo(() => fieldsOf(JSON.parse(shape)), [shape]);
  const [entries, setEntries] = useState<Entries>(() => initialEntries(fields));
  const [errors, setErrors] = useState<ReadonlyMap<string, string>>(new Map());

  function enter(name: string, entry: Entry) {
    setEntries((before) => new Map(before).set(name, entry));
    setErrors((before) => new Map([...before].filter(([field]) => field !== name)));
  }

  function send() {
    if (busy) return;
    const reading = readEntries(fields, entries);
    if ('content' in reading) {
      onAnswer({ action: 'accept', content: reading.content });
      return;
    }
    setErrors(reading.errors);
    const index = fields.findIndex(({ name }) => reading.errors.has(name));
    form.current
      ?.querySelectorAll<HTMLElement>('[data-field]')
      [index]?.querySelector<HTMLElement>('input, select, textarea')
      ?.focus();
  }

  return (
    <form
      class="question"
      data-entries
      ref={form}
      noValidate
      aria-labelledby={`${id}-q`}
      onSubmit={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.isComposing || !(event.target instanceof HTMLInputElement)) return;
        event.preventDefault();
        send();
      }}
    >
      <p class="question-message" id={`${id}-q`} dir="auto">
        {request.message}
      </p>
      {fields.map((field, index) => (
        <FieldRow
          key={field.name}
          id={`${id}-${index}`}
          field={field}
          entry={entries.get(field.name) ?? ''}
          error={errors.get(field.name)}
          onEnter={(entry) => enter(field.name, entry)}
        />
      ))}
      <Refusal text={refusal} />
      <div class="buttons">
        {/* Not a submit button: hosts show the card in a frame that may submit no form. */}
        <button type="button" class="primary" disabled={busy} onClick={send}>
          {sending ? 'Sending…' : 'Send answer'}
        </button>
        <button type="button" disabled={busy} onClick={() => onAnswer({ action: 'decline' })}>
          Decline
        </button>
      </div>
    </form>
  );
}

interface FieldRowProps {
  readonly id: string;
  readonly field: Field;
  readonly entry: Entry;
  readonly error: string | undefined;
  readonly onEnter: (entry: Entry) => void;
}

function FieldRow({ id, field, entry, error, onEnter }: FieldRowProps) {
  const { label, hint, required, kind } = field;
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  const notes = (
    <>
      {hint && (
        <span class="hint" id={`${id}-hint`} dir="auto">
          {hint}
        </span>
      )}
      {error && (
        <span class="field-error" id={`${id}-error`} role="alert">
          {error}
        </span>
      )}
    </>
  );
  const named = (
    <>
      {label}
      {!required && <span class="hint"> (optional)</span>}
    </>
  );
  const state = { 'aria-describedby': described, 'aria-invalid': error ? true : undefined } as const;
  if (kind === 'unsupported')
    return (
      <div data-field>
        <span>{named}</span>
        <span class="hint">This form cannot show the field.</span>
        {notes}
      </div>
    );
  if (kind === 'text' || kind === 'number') {
    const given = { ...state, id, required, value: typeof entry === 'string' ? entry : '' };
    return (
      <div class="field" data-field>
        <label for={id}>{named}</label>
        <TextInput field={field} given={given} onEnter={onEnter} />
        {notes}
      </div>
    );
  }
  const chosen = typeof entry === 'string' ? [] : entry;
  if (kind === 'choice' && field.options.length > MAX_RADIO_BUTTONS)
    return (
      <div class="field" data-field>
        <label for={id}>{named}</label>
        <select
          {...state}
          id={id}
          required={required}
          value={String(chosen[0] ?? '')}
          onChange={({ currentTarget: { value } }) => onEnter(value === '' ? [] : [Number(value)])}
        >
          <option value="">Choose…</option>
          {field.options.map((option, index) => (
            <option key={option.label} value={String(index)}>
              {option.label}
            </option>
          ))}
        </select>
        {notes}
      </div>
    );
  return (
    <fieldset class="field" data-field aria-describedby={described}>
      <legend>{named}</legend>
      <div class="options">
        {field.options.map((option, index) => (
          <label key={option.label} class="option">
            <input
              type={kind === 'choice' ? 'radio' : 'checkbox'}
              name={id}
              aria-invalid={state['aria-invalid']}
              checked={chosen.includes(index)}
              onChange={() => onEnter(kind === 'choice' ? [index] : toggle(chosen, index))}
            />
            <span dir="auto">{option.label}</span>
          </label>
        ))}
        {kind === 'choice' && !required && (
          <label class="option">
            <input type="radio" name={id} checked={chosen.length === 0} onChange={() => onEnter([])} />
            <span>No answer</span>
          </label>
        )}
      </div>
      {notes}
    </fieldset>
  );
}

/** More choices are in a list. */
const MAX_RADIO_BUTTONS = 5;
/** A text that can be longer has several lines. */
const MAX_LINE_CHARACTERS = 200;

const INPUT_TYPES = { email: 'email', uri: 'url', date: 'date', 'date-time': 'datetime-local' } as const;

interface TextInputProps {
  readonly field: Field & { kind: 'text' | 'number' };
  readonly given: { readonly id: string; readonly required: boolean; readonly value: string };
  readonly onEnter: (entry: Entry) => void;
}

function TextInput({ field, given, onEnter }: TextInputProps) {
  const onInput = ({ currentTarget: { value } }: { readonly currentTarget: { readonly value: string } }) =>
    onEnter(value);
  // Not `type="number"`, which has no value for what it cannot read: then no message could say what is wrong.
  if (field.kind === 'number')
    return <input {...given} type="text" inputMode={field.whole ? 'numeric' : 'decimal'} onInput={onInput} />;
  const { format, maxLength } = field;
  if (!format && (maxLength ?? 0) > MAX_LINE_CHARACTERS)
    return <textarea {...given} rows={3} onInput={onInput} />;
  return <input {...given} type={(format ? INPUT_TYPES[format] : 'text') as 'text'} onInput={onInput} />;
}

function toggle(chosen: readonly number[], index: number): readonly number[] {
  return chosen.includes(index) ? chosen.filter((one) => one !== index) : [...chosen, index];
}

function PageQuestion({
  request,
  url,
  sending,
  disabled = false,
  refusal,
  onAnswer,
  onOpen,
}: QuestionProps & { readonly url: string }) {
  const busy = sending || disabled;
  const [opened, setOpened] = useState(false);
  const address = httpUrl(url);
  return (
    <QuestionFrame message={request.message}>
      <p class="address">{url}</p>
      <Refusal text={refusal} />
      <div class="buttons">
        {address && (
          <button
            type="button"
            class={opened ? undefined : 'primary'}
            onClick={() => {
              setOpened(true);
              onOpen(address);
            }}
          >
            Open the page
          </button>
        )}
        <button
          type="button"
          class={opened ? 'primary' : undefined}
          disabled={busy || !address}
          onClick={() => onAnswer({ action: 'accept', content: {} })}
        >
          I have finished there
        </button>
        <button type="button" disabled={busy} onClick={() => onAnswer({ action: 'decline' })}>
          Decline
        </button>
      </div>
    </QuestionFrame>
  );
}

type Upload = Extract<InputRequestView, { readonly upload: unknown }>;

function UploadRequest({ request: { message, upload } }: { readonly request: Upload }) {
  const { url, url_expires_at, size, max_bytes } = upload;
  const command = uploadCommand(url);
  const how =
    size === undefined ? `up to ${max_bytes.toLocaleString('en')}` : `exactly ${size.toLocaleString('en')}`;
  return (
    <QuestionFrame message={message}>
      <p>The job resumes when the file ({how} bytes) has arrived.</p>
      {command ? (
        <>
          <p class="hint">
            Run this command{url_expires_at && ` before ${formatTime(url_expires_at)}`}. The address is a
            secret: anyone who has it can upload.
          </p>
          <pre class="command">{command}</pre>
        </>
      ) : (
        <p class="hint">Only callers with the scope jobs:write receive the address for the upload.</p>
      )}
    </QuestionFrame>
  );
}

function QuestionFrame({
  message,
  children,
}: {
  readonly message: string;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class="question" aria-labelledby={id}>
      <p class="question-message" id={id} dir="auto">
        {message}
      </p>
      {children}
    </section>
  );
}

function Refusal({ text }: { readonly text: string | undefined }) {
  return text ? (
    <p class="field-error" role="alert" dir="auto">
      {text}
    </p>
  ) : null;
}
