/** Runs in the browser as a host of MCP Apps: shows the card in a sandboxed frame, through the official bridge. */
import {
  AppBridge,
  type McpUiHostCapabilities,
  type McpUiHostContext,
  PostMessageTransport,
} from '@modelcontextprotocol/ext-apps/app-bridge';

export interface HostPageOptions {
  readonly html: string;
  /** Of the frame, in CSS pixels. */
  readonly width: number;
  readonly capabilities: McpUiHostCapabilities;
  readonly context: McpUiHostContext;
}

/** What the test offers to the page. */
interface TestFunctions {
  callTool(name: string, args: object): Promise<never>;
  openLink(url: string): Promise<void>;
  tellModel(text: string): Promise<void>;
}

/** What the page offers to the test. */
export interface HostPage {
  openCard(options: HostPageOptions): Promise<void>;
  readonly bridge: AppBridge;
}

/** What a host makes of a resource that declares no domains: the default of the specification. */
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'none'; " +
  "object-src 'none'; base-uri 'self'";

const test = globalThis as unknown as TestFunctions;

Object.assign(globalThis, {
  async openCard({ html, width, capabilities, context }: HostPageOptions) {
    const frame = document.createElement('iframe');
    frame.title = 'Card';
    frame.sandbox.add('allow-scripts');
    frame.style.cssText = `width: ${width}px; height: 0; border: 0`;
    document.body.append(frame);
    const bridge = new AppBridge(null, { name: 'test host', version: '1.0.0' }, capabilities, {
      hostContext: context,
    });
    bridge.oncalltool = ({ name, arguments: args = {} }) => test.callTool(name, args);
    bridge.onopenlink = async ({ url }) => {
      await test.openLink(url);
      return {};
    };
    bridge.onupdatemodelcontext = async ({ content = [] }) => {
      for (const block of content) if (block.type === 'text') await test.tellModel(block.text);
      return {};
    };
    bridge.onsizechange = ({ height }) => {
      if (height !== undefined) frame.style.height = `${height}px`;
    };
    const isReady = new Promise<void>((resolve) => {
      bridge.oninitialized = () => resolve();
    });
    const view = frame.contentWindow as Window;
    await bridge.connect(new PostMessageTransport(view, view));
    frame.srcdoc = html.replace(
      '<head>',
      `<head><meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    );
    await isReady;
    Object.assign(globalThis, { bridge });
  },
} satisfies Omit<HostPage, 'bridge'>);
