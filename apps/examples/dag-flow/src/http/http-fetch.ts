import { defineAction, NonRetryableError } from '@dagger/core';
import { z } from 'zod';

export const httpFetch = defineAction({
  name: 'http_fetch',
  description: 'Fetches JSON over HTTP',
  input: z.object({ url: z.url({ protocol: /^https?$/ }) }),
  output: z.object({ raw_data: z.json() }),
  async execute({ inputs, signal, log }) {
    const response = await fetch(inputs.url, { signal, headers: { accept: 'application/json' } });
    if (!response.ok) throw refusal(inputs.url, response);
    const text = await response.text();
    log.info(`${text.length} characters from ${inputs.url}`);
    try {
      return { raw_data: JSON.parse(text) as z.infer<ReturnType<typeof z.json>> };
    } catch (cause) {
      throw new NonRetryableError(`${inputs.url} does not answer with JSON`, { cause });
    }
  },
});

/** A busy or broken server may do better next time; to a wrong request it will say the same again. */
const refusal = (url: string, { status, statusText }: Response): Error => {
  const message = `${url} answered ${status} ${statusText}`;
  return status >= 500 || status === 429 || status === 408
    ? new Error(message)
    : new NonRetryableError(message);
};
