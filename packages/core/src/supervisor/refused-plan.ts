import { dependencyId } from '../graph/compile.ts';
import type { InputField } from '../graph/model.ts';
import { SUPERVISOR_STEP } from '../graph/topology.ts';
import type { NodeSpecData } from '../run/commands.ts';
import { NOTES_INPUT, inputsWithNotes, readNotes } from './step-notes.ts';

/**
 * The nodes of a refused command without the planner's own: the next step is told why in their place. Undefined when the
 * command held none of the planner's own, so that it would be refused again.
 */
export const withoutPlan = (
  specs: readonly NodeSpecData[],
  problem: string,
): readonly NodeSpecData[] | undefined => {
  const next = specs.at(-1);
  if (next?.id === undefined || next.action !== SUPERVISOR_STEP) return undefined;
  const inputs = (next.inputs ?? []) as readonly InputField[];
  const notes = readNotes(inputs.find(({ name }) => name === NOTES_INPUT)?.value, next.id);
  if (notes.planned === 0) return undefined;
  const refused = new Set(specs.slice(0, notes.planned).map(({ id }) => id));
  const kept = specs.slice(notes.planned).map((spec): NodeSpecData => ({
    ...spec,
    deps: (spec.deps ?? []).filter((dependency) => !refused.has(dependencyId(dependency))),
  }));
  const told = { ...notes, planned: 0, problems: [...notes.problems, problem] };
  return kept.map((spec, i) =>
    i === kept.length - 1 ? { ...spec, inputs: inputsWithNotes({ inputs }, told) } : spec,
  );
};
