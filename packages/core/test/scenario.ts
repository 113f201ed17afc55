import { existsSync, readFileSync } from 'node:fs';

const FILE = new URL('../../../../shared/cases/scenarios.json', import.meta.url);

export interface ScenarioNode {
  readonly id: string;
  readonly deps: readonly string[];
  readonly do: 'ok' | 'fail' | 'fail-times' | 'throw' | 'wait' | 'sub' | 'codes';
  readonly units: number;
  readonly times?: number;
  readonly retries?: number;
  readonly retryDelayUnits?: number;
  readonly backoffFactor?: number;
  readonly backoffCapUnits?: number;
  readonly maxRetryDurationUnits?: number;
  readonly timeoutUnits?: number;
  readonly when?: boolean;
  readonly continueOnFail?: boolean;
  readonly dependsExpr?: string;
}

export interface Expectation {
  readonly run?: string;
  readonly nodes?: { readonly [id: string]: string };
  readonly attempts?: { readonly [id: string]: number };
  readonly maxAttempts?: { readonly [id: string]: number };
  readonly attemptStarts?: { readonly [id: string]: readonly number[] };
  readonly neverStarted?: readonly string[];
  readonly overlap?: readonly (readonly [string, string])[];
  readonly makespanUnits?: number;
  readonly endsBeforeUnits?: number;
  readonly maxConcurrent?: number;
  readonly neverIdleBelowLimit?: boolean;
  readonly engineAlive?: boolean;
  readonly loadError?: readonly string[];
  readonly atCheck?: Expectation;
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly portability: string;
  readonly settings: {
    readonly concurrency?: number;
    readonly failFast?: boolean;
    readonly runTimeoutUnits?: number;
  };
  readonly nodes: readonly ScenarioNode[];
  readonly actions?: readonly { readonly at: number; readonly do: string }[];
  readonly expect: Expectation;
}

export const scenariosPresent: boolean = existsSync(FILE);

export const scenarios: readonly Scenario[] = scenariosPresent
  ? (JSON.parse(readFileSync(FILE, 'utf8')) as { readonly scenarios: readonly Scenario[] })
      .scenarios
  : [];
