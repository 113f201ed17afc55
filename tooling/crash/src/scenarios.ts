/** A module per scenario; each exports a `CrashScenario`, or a `JobCrashScenario`, as `scenario`. */
export const scenarios: { readonly [name: string]: URL } = {
  'static graph': new URL('scenarios/static-graph.ts', import.meta.url),
  'growing graph': new URL('scenarios/growing-graph.ts', import.meta.url),
  approval: new URL('scenarios/approval.ts', import.meta.url),
  'supervised flow': new URL('scenarios/supervised-flow.ts', import.meta.url),
  'cached graph': new URL('scenarios/cached-graph.ts', import.meta.url),
  'job of tasks': new URL('scenarios/job-of-tasks.ts', import.meta.url),
  'growing job': new URL('scenarios/growing-job.ts', import.meta.url),
  'reviewed job': new URL('scenarios/reviewed-job.ts', import.meta.url),
  'stalled job': new URL('scenarios/stalled-job.ts', import.meta.url),
  'held job': new URL('scenarios/held-job.ts', import.meta.url),
  'once-only job': new URL('scenarios/once-only-job.ts', import.meta.url),
  'durable channels': new URL('scenarios/durable-channels.ts', import.meta.url),
};
