import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadyHeap } from './ready-heap.ts';

describe('the heap of ready nodes', () => {
  it('is empty at first', () => {
    expect(new ReadyHeap().pop()).toBe(-1);
  });

  it('gives the lowest number first, each once, however it was filled and emptied', () => {
    const push = fc.record({ push: fc.nat(200) });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(push, fc.constant('pop' as const)), { maxLength: 300, size: 'max' }),
        (acts) => {
          const heap = new ReadyHeap();
          const naive: number[] = [];
          for (const act of acts) {
            const popped = act === 'pop' ? [heap.pop(), naive.shift() ?? -1] : [];
            if (act !== 'pop') {
              heap.push(act.push);
              if (!naive.includes(act.push)) naive.push(act.push);
              naive.sort((a, b) => a - b);
            }
            expect(popped[0]).toBe(popped[1]);
            expect(heap.size).toBe(naive.length);
          }
        },
      ),
    );
  });
});
