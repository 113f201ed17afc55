import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkGraph } from '../src/graph/graph.ts';
import { loadYaml } from '../src/graph/yaml/load.ts';
import { toYaml } from '../src/graph/yaml/write.ts';

const FOLDER = new URL('../../../../shared/cases/yaml-dags/', import.meta.url);
const present = existsSync(FOLDER);

interface Sample {
  readonly name: string;
  readonly metrics: {
    readonly edges: number;
    readonly acyclic: boolean;
    readonly problems?: readonly string[];
  };
  readonly problems?: readonly string[];
  readonly tasks: readonly { readonly id: string; readonly deps: readonly string[] }[];
}

const samples: readonly Sample[] = present
  ? readdirSync(FOLDER)
      .filter((file) => file.endsWith('.json'))
      .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Sample)
  : [];

const problemsOf = (sample: Sample): readonly string[] =>
  sample.problems ?? sample.metrics.problems ?? [];

const check = (sample: Sample): ReturnType<typeof checkGraph> =>
  checkGraph({
    name: sample.name,
    nodes: sample.tasks.map(({ id, deps }) => ({ id, action: 'noop', dependencies: deps })),
  });

describe.skipIf(!present)(
  `graphs that people wrote${present ? '' : ' (skipped: ../shared/cases/yaml-dags is absent)'}`,
  () => {
    const [faulty, sound] = [
      samples.filter((s) => problemsOf(s).length > 0),
      samples.filter((s) => problemsOf(s).length === 0),
    ];

    it.each(sound.map((s) => [s.name, s] as const))(
      '%s is sound and survives YAML',
      (_, sample) => {
        const { graph, diagnostics } = check(sample);
        expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
        expect(graph?.edges.length).toBe(sample.metrics.edges);
        expect(graph && loadYaml(toYaml(graph)).graph?.toJSON()).toEqual(graph?.toJSON());
      },
    );

    it.each(faulty.map((s) => [s.name, s] as const))(
      '%s is refused for each of its problems',
      (_, sample) => {
        const { graph, diagnostics } = check(sample);
        expect(graph).toBeUndefined();
        for (const problem of problemsOf(sample)) {
          const missing = /^missing dep '(.*)' of '(.*)'$/.exec(problem);
          if (missing === null) continue;
          expect(diagnostics).toContainEqual(
            expect.objectContaining({
              code: 'dependency-unknown',
              nodeId: missing[2],
              message: expect.stringContaining(`'${missing[1]}'`),
            }),
          );
        }
        expect(diagnostics.some((d) => d.code === 'cycle')).toBe(!sample.metrics.acyclic);
      },
    );
  },
);
