import type { RunReport } from '@dagger/core';
import pc from 'picocolors';

/** The run in a table: what each node did, and how long it took. */
export const printReport = (report: RunReport, out: NodeJS.WritableStream): void => {
  const nodes = Object.values(report.nodes);
  const idWidth = Math.max(...nodes.map((node) => node.id.length));
  const actionWidth = Math.max(...nodes.map((node) => node.action.length));
  const colour = report.success ? pc.green : pc.red;
  out.write(`\nRun ${report.runId} of ${report.dag}: ${colour(report.status)}\n\n`);
  for (const { id, action, status, attempts, durationMs, error } of nodes) {
    const time = durationMs === null ? '' : `${durationMs} ms`;
    const tries = attempts > 1 ? `, ${attempts} attempts` : '';
    out.write(
      `  ${id.padEnd(idWidth)}  ${action.padEnd(actionWidth)}  ${status.padEnd(9)} ${time.padStart(8)}${tries}\n`,
    );
    if (error !== null) out.write(`    ${pc.red(error.message)}\n`);
  }
  const { metrics, counts } = report;
  out.write(
    `\n  ${counts.succeeded} of ${counts.total} nodes succeeded in ${report.durationMs} ms` +
      (metrics.slowestNode === null
        ? ''
        : `; the slowest was ${metrics.slowestNode.id} with ${metrics.slowestNode.durationMs} ms`) +
      '\n',
  );
};
