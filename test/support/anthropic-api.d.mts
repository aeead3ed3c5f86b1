export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

export interface AnthropicApi {
  readonly url: string;
  readonly requests: readonly ApiRequest[];
  close(): Promise<void>;
}

export function startAnthropicApi(options?: { tool?: string; silent?: boolean }): Promise<AnthropicApi>;
