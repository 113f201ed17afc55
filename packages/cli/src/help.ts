export const exitCodes: string = `
Exit codes:
  0    success
  1    the run failed, timed out or reached a limit
  2    bad usage, or a file that cannot be used
  3    the run is paused or waits for a person: see \`dagger resume --help\` and \`dagger approve --help\`
  130  the run was cancelled (Ctrl-C)
`;

export const overview: string = `
Example:
  dagger validate flow.yaml --actions ./actions.ts
  dagger run flow.yaml --actions ./actions.ts --input city=Paris --storage runs.db
  dagger runs list --storage runs.db
  dagger approve RUN-ID NODE --storage runs.db
  dagger resume RUN-ID --actions ./actions.ts --storage runs.db
  dagger worker --agents ./agents.ts --job job.yaml --storage tasks.db
  dagger tasks why TASK-ID --storage tasks.db
  dagger messages list --dead --storage bus.db

The variable DAGGER_STORAGE stands in for --storage.
${exitCodes}`;

export const actionsHelp: string = `
A module of actions is JavaScript or TypeScript; every export that is an action, or a list of them, counts:
  // actions.ts
  export const greet = {
    name: 'greet',
    async execute({ inputs }) {
      return { text: \`Hello \${inputs.name}\` };
    },
  };
`;
