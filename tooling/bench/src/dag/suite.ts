import { thisMachine } from '../machine.ts';
import type { Suite } from '../suite.ts';
import { measureDurable } from './durable.ts';
import { measureGrowth, measureInMemory } from './in-memory.ts';
import { measureMemory } from './memory.ts';
import { renderDag } from './render.ts';
import { isSkipped, type DagReport } from './report.ts';
import { durableVerdicts, growthVerdicts, memoryVerdicts, rowVerdicts } from './verdicts.ts';

export const dagSuite: Suite = {
  summary: 'DAG runs in memory, growing, and durable on SQLite, beside floors and peers',

  async run(options) {
    const inMemory = await measureInMemory(options);
    const growth = await measureGrowth(options);
    const smallest = inMemory[0]!;
    const memory = await measureMemory((name) => {
      const cell = smallest.cells[name];
      return isSkipped(cell) ? cell.skipped : undefined;
    }, options);
    const durable = await measureDurable(options);
    const document: DagReport = {
      suite: 'dag',
      quick: options.quick,
      machine: thisMachine(),
      inMemory,
      growth,
      memory,
      durable,
      verdicts: [
        ...rowVerdicts([...inMemory, ...growth]),
        ...growthVerdicts([...inMemory, ...growth]),
        ...memoryVerdicts(memory),
        ...durableVerdicts(durable),
      ],
      // Who cannot do something is skipped in the cell of the table.
      skipped: [],
    };
    return { document, text: renderDag(document) };
  },
};
