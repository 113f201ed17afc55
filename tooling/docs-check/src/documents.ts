import { pubsubPage } from './pubsub-page.ts';
import { tasksPage } from './tasks-page.ts';
import { yamlReference } from './yaml-reference.ts';

/** The documents that are made from code, or have parts that are, by their path from the root of the repository. */
export const documents: Readonly<Record<string, () => string>> = {
  'docs/yaml.md': yamlReference,
  'docs/tasks.md': tasksPage,
  'docs/pubsub.md': pubsubPage,
};
