/** Starts the card of a job, in the frame of an MCP host. */
import { render } from 'preact';
import '../shared/base.css';
import { Card } from './card.tsx';
import { CardController } from './card-controller.ts';
import type { Port } from './host.ts';
import { applyHostStyle } from './host-style.ts';

const root = document.getElementById('card');
const { documentElement, body } = document;

/** The host is the parent frame. Its origin is unknown, and nothing that the card sends is a secret of the card. */
const port: Port = {
  send: (message) => window.parent.postMessage(message, '*'),
  listen: (receive) =>
    window.addEventListener('message', ({ source, data }) => {
      if (source === window.parent) receive(data);
    }),
};

if (root) {
  const controller: CardController = new CardController(
    port,
    (state) => {
      render(<Card state={state} controller={controller} />, root);
      tellSize();
    },
    (context) => applyHostStyle(documentElement.style, context),
  );
  let told = '';
  const tellSize = () => {
    const width = Math.ceil(window.innerWidth);
    const height = Math.ceil(body.scrollHeight);
    if (told === `${width} ${height}` || !controller.resize(width, height)) return;
    told = `${width} ${height}`;
  };
  new ResizeObserver(tellSize).observe(body);
  document.addEventListener('visibilitychange', () => controller.pause(document.hidden));
  controller.start();
}
