/** Reads the JSON-RPC messages of a stream of server-sent events, one after another. */

export interface StreamMessage {
  readonly id?: string | number;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: messages are checked field by field
  readonly params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: messages are checked field by field
  readonly result?: any;
}

/** Cancels the stream when its caller stops to read. */
export async function* sseMessages(response: Response): AsyncGenerator<StreamMessage> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data) yield JSON.parse(data);
    }
  }
}
