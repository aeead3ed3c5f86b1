/** A reader of event streams that follows the WHATWG standard to the letter (CR, LF and CRLF end lines). */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  readonly id: string | undefined;
}

export interface EventReader {
  /** The next event that has data or an id; undefined at the end of the stream. */
  next(): Promise<StreamEvent | undefined>;
  /** The next event's message. */
  message(): Promise<Record<string, unknown>>;
  readonly comments: readonly string[];
  cancel(): Promise<void>;
}

export function readEvents(response: Response): EventReader {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const comments: string[] = [];
  const ready: StreamEvent[] = [];
  let rest = '';
  let fields: { type: string; data: string[]; id: string | undefined } | undefined;

  function line(text: string): void {
    if (text === '') {
      if (fields) ready.push({ type: fields.type, data: fields.data.join('\n'), id: fields.id });
      fields = undefined;
    } else if (text.startsWith(':')) comments.push(text);
    else {
      const [, name, value = ''] = /^([^:]*)(?:: ?([\s\S]*))?$/.exec(text)!;
      fields ??= { type: 'message', data: [], id: undefined };
      if (name === 'event') fields.type = value;
      else if (name === 'data') fields.data.push(value);
      else if (name === 'id') fields.id = value;
    }
  }

  async function next(): Promise<StreamEvent | undefined> {
    while (ready.length === 0) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      rest += value;
      const lines = rest.split(/\r\n|\r|\n/);
      rest = lines.pop()!;
      for (const each of lines) line(each);
    }
    return ready.shift();
  }

  return {
    next,
    comments,
    async message() {
      const event = await next();
      if (!event) throw new Error('the stream ended');
      return event.data === '' ? this.message() : JSON.parse(event.data);
    },
    cancel: () => reader.cancel(),
  };
}
