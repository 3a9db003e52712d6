/** Shows a new signing secret once: it is in this component's memory only, and gone when it closes. */
import { useEffect, useRef } from 'preact/hooks';
import { Time } from '../time.tsx';
import { CopyButton } from './copy-button.tsx';

/** The response of a call that creates or replaces a secret. */
export interface NewSecret {
  readonly secret: string;
  readonly previous_secret_expires_at?: string;
}

export function SecretOnce({
  secret,
  onClose,
}: {
  readonly secret: NewSecret;
  readonly onClose: () => void;
}) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const { secret: text, previous_secret_expires_at: previous } = secret;
  return (
    <section class="box secret" data-entries aria-labelledby="secret-title">
      <h2 id="secret-title" tabIndex={-1} ref={title}>
        Signing secret
      </h2>
      <p>Store it in your receiver now. It is shown once: the service cannot show it again.</p>
      <p>
        <code>{text}</code>
      </p>
      {previous !== undefined && (
        <p>
          The previous secret signs too until <Time at={previous} />.
        </p>
      )}
      <p>
        <CopyButton text={text} label="Copy secret" />{' '}
        <button type="button" onClick={onClose}>
          I have stored it
        </button>
      </p>
    </section>
  );
}
