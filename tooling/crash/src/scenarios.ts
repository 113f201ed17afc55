/** A module per scenario; each exports a `CrashScenario`. */
export const scenarios: { readonly [name: string]: URL } = {
  'static graph': new URL('scenarios/static-graph.ts', import.meta.url),
  'growing graph': new URL('scenarios/growing-graph.ts', import.meta.url),
  approval: new URL('scenarios/approval.ts', import.meta.url),
  'supervised flow': new URL('scenarios/supervised-flow.ts', import.meta.url),
  'cached graph': new URL('scenarios/cached-graph.ts', import.meta.url),
};
