import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { summary } from './combine.ts';
import { markdown } from './markdown.ts';

export const writeWeatherReport = defineAction({
  name: 'write_weather_report',
  description: 'Writes the report as a Markdown file',
  input: z.object({ summary, folder: z.string().min(1) }),
  output: z.object({ path: z.string(), markdown: z.string() }),
  async execute({ inputs, runId, log }) {
    const text = markdown(inputs.summary);
    const path = join(inputs.folder, 'weather-report.md');
    await mkdir(inputs.folder, { recursive: true });
    // A reader, or a crash, must not meet half a report.
    const draft = `${path}.${runId}`;
    await writeFile(draft, text);
    await rename(draft, path);
    log.info(`report written to ${path}`);
    return { path, markdown: text };
  },
});
