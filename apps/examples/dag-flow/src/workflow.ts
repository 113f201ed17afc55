import { join } from 'node:path';
import type { EventHook, JsonObject, RunReport } from '@dagger/core';
import { outputText } from './terminal/output-text.ts';
import { workflowBuilder } from './agent/workflow-builder.ts';

/** A workflow of the founding documents with what it takes to run it. */
export interface Workflow {
  readonly file: string;
  readonly inputs: JsonObject;
  readonly hooks?: readonly EventHook[];
  /** A line for the summary. */
  readonly outcome: (report: RunReport) => string;
}

/** What workflows need to be there before they start. */
export interface Surroundings {
  readonly carsUrl: string;
  readonly claimsDatabase: string;
}

export const workflowFile = (name: string): string =>
  join(import.meta.dirname, '..', 'workflows', name);

/** The node that the hook added last. */
const lastNode = (report: RunReport): string => Object.keys(report.nodes).at(-1) ?? '';

export const workflows = ({ carsUrl, claimsDatabase }: Surroundings): readonly Workflow[] => [
  {
    file: 'customer-data-processing.yaml',
    inputs: { customer_data: 'dataset:birdstrikes.csv' },
    outcome: (report) => outputText(report, 'combine_results', 'final_report'),
  },
  {
    file: 'http-to-database.yaml',
    inputs: { data_url: carsUrl },
    outcome: (report) => `${outputText(report, 'save_results', 'saved')} cars in the table results`,
  },
  {
    file: 'customers-to-warehouse.yaml',
    inputs: { database_url: `sqlite:${claimsDatabase}`, target_table: 'customers_clean' },
    outcome: (report) =>
      `${outputText(report, 'load_data', 'loaded_count')} customers in the table customers_clean`,
  },
  {
    file: 'agent.yaml',
    inputs: { task: 'Analyze sales data and create report' },
    hooks: [workflowBuilder],
    outcome: (report) => outputText(report, lastNode(report), 'report'),
  },
];
